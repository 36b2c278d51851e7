/** The plans to choose from. */

import { call } from "./api.js";
import { element } from "./elements.js";
import { count, microcents, units } from "./format.js";

/** Fetch what is sold: `{data: plans, trial: {days, caps}}`. */
export const readPriceList = () => call("GET", "/billing/plans");

/** Show the plans as one choice, the first one chosen. */
export function showPlans(place, plans) {
  place.replaceChildren(...plans.map((plan, index) => card(plan, index === 0)));
}

function card(plan, chosen) {
  const included = Object.entries(plan.included).filter(([, number]) => number > 0);
  return element(
    "label",
    { class: "plan" },
    element("input", { type: "radio", name: "plan", value: plan.plan, required: true, checked: chosen }),
    element("span", { class: "plan-title" }, plan.title),
    element("span", { class: "price" }, microcents(plan.monthly_price_microcents), element("small", {}, " a month")),
    element(
      "ul",
      {},
      ...included.map(([type, number]) => element("li", {}, element("b", {}, count(number)), ` ${units(type, number)} included`)),
      element("li", {}, element("b", {}, count(plan.calls_per_minute)), " calls a minute"),
      element("li", {}, element("b", {}, count(plan.domains)), plan.domains === 1 ? " domain" : " domains"),
    ),
  );
}
