// Package v2 stands in for the model of Grafana's second dashboard schema, which is not built in: a document of that
// schema is refused.
package v2

import "errors"

// DashboardSpec refuses whatever it is read from.
type DashboardSpec struct {
	Title       string
	Editable    *bool
	Elements    map[string]DashboardElement
	Variables   []DashboardVariableKind
	Annotations []DashboardAnnotationQueryKind
}

func (*DashboardSpec) UnmarshalJSON([]byte) error {
	return errors.New("this build reads dashboards of the first schema only")
}

type DashboardElement struct{ PanelKind *DashboardPanelKind }

type DashboardPanelKind struct{ Spec DashboardPanelSpec }

type DashboardPanelSpec struct {
	Id                 float64
	Title, Description string
	VizConfig          DashboardVizConfigKind
	Data               DashboardQueryGroupKind
}

type DashboardVizConfigKind struct {
	Group string
	Spec  struct{ FieldConfig, Options any }
}

type DashboardQueryGroupKind struct {
	Spec struct{ Queries []DashboardPanelQueryKind }
}

type DashboardPanelQueryKind struct {
	Spec struct {
		RefId  string
		Hidden bool
		Query  DashboardDataQueryKind
	}
}

type DashboardDataQueryKind struct {
	Group      string
	Datasource *struct{ Name *string }
	Spec       map[string]any
}

type DashboardAnnotationQueryKind struct {
	Spec struct {
		Name  string
		Query DashboardDataQueryKind
	}
}

type DashboardVariableRefresh string

const (
	DashboardVariableRefreshOnDashboardLoad    DashboardVariableRefresh = "onDashboardLoad"
	DashboardVariableRefreshOnTimeRangeChanged DashboardVariableRefresh = "onTimeRangeChanged"
)

type variable struct {
	Name            string
	Label, AllValue *string
	Multi           bool
	Refresh         DashboardVariableRefresh
	PluginId        string
}

type textual struct {
	variable
	Query string
}

type queried struct {
	variable
	Query DashboardDataQueryKind
}

type DashboardVariableKind struct {
	QueryVariableKind      *struct{ Spec queried }
	DatasourceVariableKind *struct{ Spec variable }
	CustomVariableKind     *struct{ Spec textual }
	IntervalVariableKind   *struct{ Spec textual }
	ConstantVariableKind   *struct{ Spec textual }
	TextVariableKind       *struct{ Spec textual }
	AdhocVariableKind      *struct{ Spec variable }
	GroupByVariableKind    *struct{ Spec variable }
	SwitchVariableKind     *struct{ Spec variable }
}
