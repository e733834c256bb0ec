/** Requests to the studio's service, and the problems it answers with. */

import type { Page, Problem } from "./types";

/** A request that was answered with a problem document, or not at all. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter: number | null = null,
  ) {
    super(problem.title);
  }
}

const OFFLINE: Problem = { type: "urn:muslin:offline", title: "The studio does not answer.", status: 0, detail: "" };

let lost = false;
let returned = () => {};

/** `listener` is called when the service answers again after it did not. */
export function onReturn(listener: () => void): void {
  returned = listener;
}

/** The service was heard of. */
export function answered(): void {
  if (lost) returned();
  lost = false;
}

async function send(method: string, path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { method, credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    lost = true;
    throw new ProblemError(OFFLINE);
  }
  answered();
  if (response.ok) return response;
  const fallback: Problem = { ...OFFLINE, type: "urn:muslin:fault", title: response.statusText, status: response.status };
  const problem = (await response.json().catch(() => fallback)) as Problem;
  const wait = Number(response.headers.get("Retry-After"));
  throw new ProblemError(problem, wait > 0 ? wait : null);
}

async function json<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const init: RequestInit =
    body === undefined
      ? { headers }
      : { headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
  const response = await send(method, path, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const get = <T>(path: string) => json<T>("GET", path);
export const post = <T>(path: string, body: unknown, headers?: Record<string, string>) => json<T>("POST", path, body, headers);
export const patch = <T>(path: string, body: unknown) => json<T>("PATCH", path, body);
export const remove = <T>(path: string) => json<T>("DELETE", path);

/** A multipart upload: names to values; a list gives the same name several times. */
export async function upload<T>(path: string, fields: Record<string, string | File | File[]>): Promise<T> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? value : [value]) form.append(name, item);
  }
  return (await (await send("POST", path, { body: form })).json()) as T;
}

export async function put<T>(path: string, body: Blob): Promise<T> {
  return (await (await send("PUT", path, { body, headers: { "Content-Type": body.type } })).json()) as T;
}

/** A kept picture as a file again. */
export async function picture(url: string, name: string): Promise<File> {
  const bytes = await (await send("GET", url, {})).blob();
  return new File([bytes], name, { type: bytes.type });
}

/** The answer's bytes, for pictures that are made on the spot. */
export async function blob(path: string, body: unknown, signal?: AbortSignal): Promise<Blob> {
  const init: RequestInit = { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await send("POST", path, signal ? { ...init, signal } : init)).blob();
}

/** Every item of a list, page after page. from: the cursor of the first page that is wanted. */
export async function all<T>(path: string, from = ""): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = from;
  while (cursor !== null) {
    const glue: string = path.includes("?") ? "&" : "?";
    const page: Page<T> = await get(cursor ? `${path}${glue}cursor=${encodeURIComponent(cursor)}` : path);
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}
