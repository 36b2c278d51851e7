/** What the account shows: standing, usage, bill and cap. */

import { byId, element } from "./elements.js";
import { capitalised, cents, count, day, microcents, month, units } from "./format.js";

const NEARLY = 0.85;

const STANDINGS = {
  trial: ["Trial", "good"],
  active: ["Active", "good"],
  grace: ["Payment overdue", "warn"],
  suspended: ["Suspended", "bad"],
  canceled: ["Canceled", "bad"],
};

/** The tenant's name, status and plan. */
export function showStanding(tenant, plan) {
  byId("account-title").textContent = tenant.name;
  const [title, tone] = STANDINGS[tenant.status];
  const pill = element("span", { class: "pill", "data-tone": tone }, title);
  byId("standing").replaceChildren(pill, element("span", {}, remarks(tenant, plan).join(" ")));
}

function remarks(tenant, plan) {
  const said = [`${plan.title} plan, ${microcents(plan.monthly_price_microcents)} a month.`];
  if (tenant.status === "trial") said.push(`Free until ${day(tenant.trial_ends_at)}.`);
  if (tenant.status === "suspended") said.push("Pay the open invoices in the billing portal to go on.");
  if (tenant.cancel_at && tenant.status !== "canceled") said.push(`Ends on ${day(tenant.cancel_at)}, as you asked.`);
  return said;
}

/** One line an event type: how much was used, of how much. `used` maps event types to units of the month. */
export function showUsage({ tenant, plan, trial, used, month: name }) {
  byId("usage-month").textContent = month(name);
  const inTrial = tenant.status === "trial";
  const lines = Object.keys(plan.included).map((type) => {
    const number = used[type] ?? 0;
    const limit = inTrial ? trial.caps[type] : plan.included[type];
    return meter(capitalised(units(type, 2)), share(number, limit, inTrial), number, limit);
  });
  byId("usage").replaceChildren(...lines);
}

function share(number, limit, inTrial) {
  if (!limit) return count(number);
  if (inTrial) return `${count(number)} of ${count(limit)} in the trial`;
  return number > limit ? `${count(number)}, ${count(limit)} of them included` : `${count(number)} of ${count(limit)} included`;
}

/** The bill, line by line. */
export function showBill(bill) {
  byId("bill-month").textContent = month(bill.month);
  const lines = bill.lines.map((line) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, line.description),
      element("td", {}, count(line.quantity)),
      element("td", {}, cents(line.amount_cents)),
    ),
  );
  const nothing = bill.trial ? "Nothing: this month is within the trial." : "Nothing yet.";
  byId("bill").replaceChildren(lines.length > 0 ? billTable(lines, bill.total_cents) : element("p", { class: "quiet" }, nothing));
}

function billTable(lines, totalCents) {
  const titles = ["Item", "Quantity", "Amount"].map((title) => element("th", { scope: "col" }, title));
  const total = [element("th", { scope: "row", colspan: 2 }, "Total so far"), element("td", {}, cents(totalCents))];
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...titles)),
    element("tbody", {}, ...lines),
    element("tfoot", {}, element("tr", {}, ...total)),
  );
}

/** What was accepted today, at list price, against the plan's cap. */
export function showCap({ used_microcents: used, limit_microcents: limit }) {
  const said = `${microcents(used)} of ${microcents(limit)}`;
  byId("cap").replaceChildren(meter("Today, at list price", said, used, limit));
}

function meter(title, said, number, limit) {
  const line = element("div", { class: "meter-line" }, element("dt", {}, title), element("dd", {}, said));
  if (!limit) return element("div", { class: "meter" }, line);
  const tone = number / limit >= NEARLY ? "warn" : "good";
  const bar = element("progress", { max: limit, value: Math.min(number, limit), "aria-label": `${title}: ${said}`, "data-tone": tone });
  return element("div", { class: "meter" }, line, element("dd", { class: "bar" }, bar));
}
