/** Forms that send themselves once, and show what is wrong where it is wrong. */

import { freshKey, Problem } from "./api.js";

/**
 * Send a form by `send(values, idempotencyKey)`.
 *
 * The same content keeps its Idempotency-Key until it was answered, so that a double click, or a second try after a
 * broken connection, does what was asked once.
 */
export function onSubmit(form, send) {
  let busy = false;
  let last = { content: null, key: null };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    const values = valuesOf(form);
    clearFaults(form);
    if (!complete(form)) return;
    const content = JSON.stringify(values);
    if (content !== last.content) last = { content, key: freshKey() };
    busy = true;
    markBusy(form, true);
    try {
      await send(values, last.key);
      last = { content: null, key: null };
      form.reset();
    } catch (error) {
      showProblem(form, error);
    } finally {
      busy = false;
      markBusy(form, false);
    }
  });
}

/** Run what a button does, once at a time; `trouble` is where a Problem is shown. */
export function onClick(button, trouble, act) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    trouble.textContent = "";
    try {
      await act();
    } catch (error) {
      trouble.textContent = explained(error);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
}

/** One sentence for people; what is no Problem is a mistake of ours and goes on to the console. */
export function explained(error) {
  if (!(error instanceof Problem)) throw error;
  const faults = error.faults.map((fault) => `${fault.field} ${fault.rule}`);
  const said = [error.message, ...faults].join(" · ");
  return error.requestId ? `${said} (request ${error.requestId})` : said;
}

function valuesOf(form) {
  const entries = [...new FormData(form)].map(([name, value]) => [name, value.trim()]);
  return Object.fromEntries(entries);
}

/** What can be said without asking the service: that something was left out. */
function complete(form) {
  const names = new Set([...form.elements].filter((field) => field.required).map((field) => field.name));
  const values = valuesOf(form);
  const missing = [...names].filter((name) => !values[name]);
  for (const name of missing) markFault(form, name, "This is required.");
  focusFirstFault(form);
  return missing.length === 0;
}

function showProblem(form, error) {
  const known = error instanceof Problem ? error.faults.filter((fault) => faultLine(form, fault.field)) : [];
  for (const fault of known) markFault(form, fault.field, `This ${fault.rule}.`);
  if (known.length === 0) form.querySelector(".trouble").textContent = explained(error);
  focusFirstFault(form);
}

function markFault(form, name, text) {
  faultLine(form, name).textContent = text;
  for (const field of fieldsOf(form, name)) field.setAttribute("aria-invalid", "true");
}

function clearFaults(form) {
  form.querySelector(".trouble").textContent = "";
  for (const line of form.querySelectorAll(".fault")) line.textContent = "";
  for (const field of form.elements) field.removeAttribute("aria-invalid");
}

function markBusy(form, busy) {
  const button = form.querySelector("button[type=submit]");
  if (busy) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}

const fieldsOf = (form, name) => [...form.elements].filter((field) => field.name === name);
const faultLine = (form, name) => form.querySelector(`#${CSS.escape(name)}-fault`);
const focusFirstFault = (form) => form.querySelector("[aria-invalid=true]")?.focus();
