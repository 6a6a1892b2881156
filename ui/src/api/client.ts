/**
 * Questions to the server. Paths, bodies and answers are typed by `schema.ts`, which is generated from
 * openapi.json; what goes wrong is a `Failure` that carries the server's problem.
 */
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Query = Schemas['Query'];
export type QueryResult = Schemas['QueryResult'];
export type MetricValue = Schemas['MetricValue'];
export type Definition = Schemas['Definition'];
export type Unit = Schemas['Unit'];
export type Session = Schemas['Session'];

type PathsWith<Method extends 'get' | 'post' | 'put' | 'delete'> = {
  [Path in keyof paths]: paths[Path][Method] extends { responses: unknown } ? Path : never;
}[keyof paths];

/** What is in an answer: JSON, where it may be other things too. */
type Holds<Content> = Content extends { 'application/json': infer Json } ? Json : Content[keyof Content];

/** What a request that went well is answered with. */
type Answer<Operation> = Operation extends { responses: { 200: { content: infer Content } } }
  ? Holds<Content>
  : Operation extends { responses: { 201: { content: infer Content } } }
    ? Holds<Content>
    : Operation extends { responses: { 202: { content: infer Content } } }
      ? Holds<Content>
      : never;

type Body<Operation> = Operation extends { requestBody: { content: { 'application/json': infer Content } } }
  ? Content
  : never;

/** What went wrong, as the server or the network says it. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly problem: Schemas['Problem'] | undefined,
    message: string,
  ) {
    super(message);
    this.name = 'Failure';
  }
}

const KEY = 'upshot.key';

/** Keeps the key until the browser's tab is closed. */
export function keepKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEY);
}

/** Whether a key is kept. */
export function hasKey(): boolean {
  return sessionStorage.getItem(KEY) !== null;
}

export function headers(workspace: string | undefined): Record<string, string> {
  const all: Record<string, string> = { accept: 'application/json' };
  const key = sessionStorage.getItem(KEY);
  if (key !== null) all.authorization = `Bearer ${key}`;
  if (workspace !== undefined) all['x-upshot-workspace'] = workspace;
  return all;
}

async function send(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Failure(0, undefined, error instanceof Error ? error.message : String(error));
  }
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const body: unknown = isJson ? await response.json() : await response.text();
  if (response.ok) return body;
  const problem = isJson ? (body as Schemas['Problem']) : undefined;
  throw new Failure(response.status, problem, problem?.detail ?? response.statusText);
}

interface Options {
  /** What stands for `{name}` in the path. */
  path?: Record<string, string>;
  /** Undefined ones are left out. */
  parameters?: Record<string, string | string[] | number | undefined>;
  workspace?: string | undefined;
  signal?: AbortSignal;
}

function addressOf(path: string, options: Options): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(options.parameters ?? {})) {
    const values = Array.isArray(value) ? value : [value];
    values.forEach((one) => {
      if (one !== undefined) search.append(name, String(one));
    });
  }
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(options.path?.[name] ?? ''));
  return search.size > 0 ? `${address}?${search.toString()}` : address;
}

/** Sends a body as JSON, or none. */
function sendBody(method: string, path: string, body: unknown, options: Options): Promise<unknown> {
  return send(addressOf(path, options), {
    method,
    headers: { ...headers(options.workspace), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(options.signal && { signal: options.signal }),
  });
}

/** Asks with GET. */
export async function get<Path extends PathsWith<'get'>>(path: Path, options: Options = {}): Promise<Answer<paths[Path]['get']>> {
  const init = { headers: headers(options.workspace), ...(options.signal && { signal: options.signal }) };
  return (await send(addressOf(path, options), init)) as Answer<paths[Path]['get']>;
}

/** Sets something. */
export async function put<Path extends PathsWith<'put'>>(
  path: Path,
  body: Body<paths[Path]['put']>,
  options: Options = {},
): Promise<Answer<paths[Path]['put']>> {
  return (await sendBody('PUT', path, body, options)) as Answer<paths[Path]['put']>;
}

/** Takes something away. */
export async function remove<Path extends PathsWith<'delete'>>(path: Path, options: Options = {}): Promise<void> {
  await sendBody('DELETE', path, undefined, options);
}

/**
 * How many questions are under way at once. The server's questions share its memory: many of a page at once are
 * refused where one after the other they are answered, and with few processors no later.
 */
const AT_ONCE = 3;
let running = 0;
const waiting: (() => void)[] = [];

/** Does something when it is its turn; what is given up while it waits is never begun. */
async function inTurn<T>(signal: AbortSignal | undefined, does: () => Promise<T>): Promise<T> {
  // Whoever ends hands the turn on, so that nobody who comes later gets between.
  if (running < AT_ONCE) running += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    signal?.throwIfAborted();
    return await does();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** Asks with POST, a few questions at a time. */
export async function post<Path extends PathsWith<'post'>>(
  path: Path,
  body: Body<paths[Path]['post']>,
  options: Options = {},
): Promise<Answer<paths[Path]['post']>> {
  const answer = await inTurn(options.signal, () => sendBody('POST', path, body, options));
  return answer as Answer<paths[Path]['post']>;
}

interface Waiting {
  query: Query;
  signal: AbortSignal;
  answered: (answer: QueryResult) => void;
  failed: (error: unknown) => void;
}

/** As many queries as the server takes together. */
const MOST_TOGETHER = 100;
/** Queries that have come up and are not under way yet, by workspace. */
const cameUp = new Map<string | undefined, Waiting[]>();

/**
 * Asks for numbers. What a page asks at one moment goes in one request: what several of its queries read is read
 * once, and all of it is of one moment.
 */
export function ask(query: Query, workspace: string | undefined, signal: AbortSignal): Promise<QueryResult> {
  return new Promise((answered, failed) => {
    const waits = cameUp.get(workspace);
    const one: Waiting = { query, signal, answered, failed };
    if (waits !== undefined) waits.push(one);
    else {
      cameUp.set(workspace, [one]);
      queueMicrotask(() => {
        const all = cameUp.get(workspace) ?? [];
        cameUp.delete(workspace);
        for (let from = 0; from < all.length; from += MOST_TOGETHER) void askTogether(all.slice(from, from + MOST_TOGETHER), workspace);
      });
    }
  });
}

/** Sends queries in one request, which ends early when nobody waits for any of them any more. */
async function askTogether(all: readonly Waiting[], workspace: string | undefined): Promise<void> {
  const ending = new AbortController();
  const leave = () => {
    if (all.every((one) => one.signal.aborted)) ending.abort();
  };
  all.forEach((one) => one.signal.addEventListener('abort', leave));
  try {
    const { answers } = await post('/api/v1/queries', { queries: all.map((one) => one.query) }, { workspace, signal: ending.signal });
    all.forEach(({ answered, failed }, place) => {
      const { answer, problem } = answers[place] ?? {};
      if (answer != null) answered(answer);
      else failed(new Failure(problem?.status ?? 500, problem ?? undefined, problem?.detail ?? ''));
    });
  } catch (error) {
    all.forEach(({ failed }) => failed(error));
  } finally {
    all.forEach((one) => one.signal.removeEventListener('abort', leave));
  }
}

/** Calls `changed` for each change that the server tells of, until the stream ends. Unlike EventSource, it sends the key. */
export async function listen(workspace: string | undefined, signal: AbortSignal, changed: () => void): Promise<void> {
  const response = await fetch('/api/v1/changes', { headers: { ...headers(workspace), accept: 'text/event-stream' }, signal });
  if (!response.ok || response.body === null) throw new Failure(response.status, undefined, response.statusText);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    // Lines that begin with a colon only keep the connection open.
    if (/^event: ?change/m.test(value)) changed();
  }
}
