/** The page `/signup`: from a form to a key to an account. The key is held until it is stored; then a session shows the account. */

import { openAccount } from "./account.js";
import { call, openSession, resumeSession } from "./api.js";
import { byId, element, show } from "./elements.js";
import { count, units } from "./format.js";
import { explained, onSubmit } from "./forms.js";
import { readPriceList, showPlans } from "./plans.js";

function start() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  const tenantId = new URLSearchParams(location.search).get("tenant");
  // Whatever the link carried is out of the address bar and the history before anything else is loaded.
  history.replaceState(null, "", location.pathname);
  onSubmit(byId("apply-form"), apply);
  onSubmit(byId("sign-in-form"), signIn);
  onSubmit(byId("activate-form"), (_, key) => activate(token, key));
  byId("copy").addEventListener("click", copyKey);
  if (tenantId) {
    byId("sign-in").open = true;
    byId("tenant_id").value = tenantId;
  }
  offerPlans();
  if (token) show("activate");
  else resume();
}

/** Show the account where this browser has a session, else the form. */
async function resume() {
  try {
    const tenantId = await resumeSession();
    if (tenantId) return await openAccount(tenantId);
  } catch (error) {
    byId("apply-form").querySelector(".trouble").textContent = explained(error);
  }
  show("apply");
}

async function offerPlans() {
  const place = byId("plans");
  try {
    const priceList = await readPriceList();
    showPlans(place, priceList.data);
    byId("trial-terms").textContent = trialTerms(priceList.trial);
  } catch (error) {
    const again = element("button", { type: "button", class: "plain" }, "Try again");
    again.addEventListener("click", offerPlans);
    place.replaceChildren(element("p", { class: "fault", role: "alert" }, explained(error)), again);
  }
}

function trialTerms({ days, caps }) {
  const limits = Object.entries(caps).map(([type, number]) => `up to ${count(number)} ${units(type, number)}`);
  return `${days} days free, with ${limits.join(" and ")}; no payment method needed.`;
}

async function apply(values, idempotencyKey) {
  const answer = await call("POST", "/tenants", { body: values, idempotencyKey });
  if (answer.status === "verification_sent") {
    byId("sent-to").textContent = values.email;
    show("sent");
  } else {
    showKey(answer);
  }
}

async function activate(token, idempotencyKey) {
  showKey(await call("POST", "/signup/activate", { body: { token }, idempotencyKey }));
}

async function signIn({ tenant_id: tenantId, api_key: apiKey }) {
  await openSession(apiKey);
  await openAccount(tenantId);
}

function showKey({ tenant_id: tenantId, api_key: apiKey }) {
  byId("api-key").textContent = apiKey;
  byId("key-tenant").textContent = tenantId;
  byId("copied").textContent = "";
  window.addEventListener("beforeunload", warnOfLoss);
  byId("key-trouble").textContent = "";
  byId("stored").onclick = () => leaveKey(tenantId, apiKey);
  show("key");
}

/** The key goes from the page once the session is there, so that nothing is lost where it cannot be opened. */
async function leaveKey(tenantId, apiKey) {
  try {
    await openSession(apiKey);
    await openAccount(tenantId);
  } catch (error) {
    byId("key-trouble").textContent = explained(error);
    return;
  }
  window.removeEventListener("beforeunload", warnOfLoss);
  byId("api-key").textContent = "";
  byId("stored").onclick = null;
}

function warnOfLoss(event) {
  event.preventDefault();
}

async function copyKey() {
  const said = byId("copied");
  try {
    await navigator.clipboard.writeText(byId("api-key").textContent);
    said.textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(byId("api-key"));
    said.textContent = "The browser did not allow it; the key is selected, copy it from there.";
  }
}

start();
