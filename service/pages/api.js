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

let csrfToken = null;

/** Open this browser's session with an API key, which is not needed from then on; throws a Problem. */
export async function openSession(apiKey) {
  csrfToken = (await call("POST", "/session", { apiKey })).csrf_token;
}

/** Take up the session that this browser has; returns its tenant's id, or null where there is none. */
export async function resumeSession() {
  const session = await call("GET", "/session");
  csrfToken = session.csrf_token;
  return session.tenant_id;
}

/** End this browser's session. */
export async function endSession() {
  await call("DELETE", "/session");
  csrfToken = null;
}

/** Send one request; returns the answer's JSON, or throws a Problem. Without `apiKey` the session counts. */
export async function call(method, path, { body, apiKey, idempotencyKey } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (apiKey) headers.Authorization = `Bearer ${apiKey}`;
  if (csrfToken) headers["X-CSRF-Token"] = csrfToken;
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, { ...request, cache: "no-store", credentials: "same-origin", referrerPolicy: "no-referrer" });
  } catch {
    throw new Problem(UNREACHABLE);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => UNREADABLE);
  if (!response.ok || answer === UNREADABLE) throw new Problem({ status: response.status, ...answer });
  return answer;
}

/** 128 random bits in hex; `crypto.randomUUID` exists only where the page came over HTTPS or from this machine. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
