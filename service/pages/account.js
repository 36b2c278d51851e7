/** The account: standing, usage, bill, cap, and the ways to Stripe. */

import { call, endSession, freshKey } from "./api.js";
import { showBill, showCap, showStanding, showUsage } from "./board.js";
import { byId, element, show } from "./elements.js";
import { explained, onClick } from "./forms.js";
import { readPriceList } from "./plans.js";

let tenantId = null;
let wired = false;

/** Show the account of the tenant that the session is for; throws a Problem, and shows nothing, where there is none. */
export async function openAccount(opened) {
  tenantId = opened;
  await refresh();
  wire();
  byId("example").textContent = example(tenantId);
  show("account");
}

function wire() {
  if (wired) return;
  wired = true;
  const trouble = byId("account-trouble");
  onClick(byId("refresh"), trouble, async () => {
    await refresh();
    byId("announce").textContent = "Up to date.";
  });
  onClick(byId("sign-out"), trouble, async () => {
    await endSession();
    location.replace(location.pathname);
  });
  onClick(byId("portal"), trouble, () => goTo("/billing/portal", { return_url: returnUrl() }));
  onClick(byId("checkout"), trouble, () =>
    goTo("/billing/checkout", { success_url: returnUrl(), cancel_url: returnUrl() }),
  );
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    refresh().catch((error) => (trouble.textContent = explained(error)));
  });
}

async function refresh() {
  const [priceList, tenant, preview, usage, cost] = await Promise.all([
    readPriceList(),
    call("GET", `/tenants/${encodeURIComponent(tenantId)}`),
    call("POST", "/billing/preview", { body: {}, idempotencyKey: freshKey() }),
    call("GET", `/usage/${encodeURIComponent(tenantId)}`),
    call("GET", `/usage/${encodeURIComponent(tenantId)}/cost`),
  ]);
  const plan = priceList.data.find((one) => one.plan === tenant.plan);
  showStanding(tenant, plan);
  showUsage({ tenant, plan, trial: priceList.trial, used: usage.totals, month: preview.month });
  showBill(preview);
  showCap(cost.daily_cost_cap);
}

/** Open a page of Stripe in a tab of its own, so that this one stays to be refreshed. */
async function goTo(path, body) {
  const tab = window.open("", "_blank");
  if (tab) tab.opener = null;
  try {
    const { url } = await call("POST", path, { body, idempotencyKey: freshKey() });
    if (tab) tab.location.replace(url);
    showElsewhere(url, Boolean(tab));
  } catch (error) {
    tab?.close();
    throw error;
  }
}

function showElsewhere(url, opened) {
  const said = byId("elsewhere");
  const link = element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, "open it here");
  said.replaceChildren(opened ? "The page opened in a new tab; if you do not see it, " : "Your browser held back the new tab; ", link, ".");
  said.hidden = false;
}

function returnUrl() {
  return `${location.origin}/signup?tenant=${tenantId}`;
}

function example(tenantId) {
  return `curl ${location.origin}/usage/report \\
  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" \\
  -d '{"events": [{"event_id": "sign-1", "event_type": "sign_events", "value": 1, "timestamp": "'$(date -u +%FT%TZ)'"}]}'

curl ${location.origin}/usage/${tenantId} -H "Authorization: Bearer $API_KEY"`;
}
