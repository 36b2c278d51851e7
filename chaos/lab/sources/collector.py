"""Our own OpenTelemetry Collector, assembled from its manifest by the collector builder."""

from pathlib import Path

from chaos.lab.catalogue import CollectorBuild, GoModule
from chaos.lab.sources import golang
from chaos.lab.sources.workshop import Workshop

_BUILDER = "ocb"


def build(source: CollectorBuild, name: str, workshop: Workshop) -> Path:
    """Build the builder, then the collector; the manifest's `dist.name` is the program's name."""
    module = GoModule(module=source.builder, module_version=source.builder_version, package=".")
    builder = golang.build(module, _BUILDER, source.builder_version, workshop)
    folder = workshop.empty_folder("build", name)
    manifest = workshop.project / source.manifest
    golang.run(f"{name}: building from {source.manifest}", [builder, "--config", manifest], folder, workshop)
    return folder / name
