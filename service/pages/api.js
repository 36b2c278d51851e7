/** Talks to the API. */

/** What the API said that was wrong: an RFC 9457 problem, or that it could not be reached. */
export class Problem extends Error {
  constructor(document) {
    super(document.detail ? `${document.title}: ${document.detail}` : document.title);
    this.status = document.status ?? 0;
    this.code = document.code ?? "unreachable";
    this.faults = document.errors ?? [];
    this.requestId = document.request_id;
  }
}

const UNREACHABLE = { title: "The service could not be reached. Check your connection and try again." };
const UNREADABLE = { title: "The service answered something unexpected. Try again." };

/** Send one request; returns the answer's JSON, or throws a Problem. */
export async function call(method, path, { body, apiKey, idempotencyKey } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (apiKey) headers.Authorization = `Bearer ${apiKey}`;
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, { ...request, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
  } catch {
    throw new Problem(UNREACHABLE);
  }
  const answer = await response.json().catch(() => UNREADABLE);
  if (!response.ok || answer === UNREADABLE) throw new Problem({ status: response.status, ...answer });
  return answer;
}

/** 128 random bits in hex; `crypto.randomUUID` exists only where the page came over HTTPS or from this machine. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
