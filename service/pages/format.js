/** Writes figures and dates for people. */

const MICROCENTS_PER_CENT = 1e6;

const usd = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const roundUsd = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const counts = new Intl.NumberFormat("en-US");
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const months = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

export const count = (number) => counts.format(number);

export const cents = (amount) => usd.format(amount / 100);

/** Micro-cents as dollars, without cents where there are none. */
export function microcents(amount) {
  const dollars = amount / MICROCENTS_PER_CENT / 100;
  return (Number.isInteger(dollars) ? roundUsd : usd).format(dollars);
}

/** An RFC 3339 date-time as a day in UTC. */
export const day = (text) => days.format(new Date(text));

/** `2026-11` as November 2026. */
export const month = (text) => months.format(new Date(`${text}-01T00:00:00Z`));

const NAMES = {
  sign_events: ["signature", "signatures"],
  verify_events: ["verification", "verifications"],
  rfc3161_timestamps: ["RFC 3161 timestamp", "RFC 3161 timestamps"],
};

/** What one, or several, of an event type are called. */
export function units(eventType, number) {
  const [one, several] = NAMES[eventType] ?? [eventType, eventType];
  return number === 1 ? one : several;
}

export function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
