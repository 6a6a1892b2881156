/** Files into the workspace: first what would come of one, then with how far it has come. */
import { Failure, headers, type Schemas } from './client';

export type Imported = Schemas['Imported'];

/**
 * Sends a file. Unlike `fetch`, this tells how much was sent; the server takes it in while it comes, so that is how far the
 * import is.
 */
export function importFile(given: {
  file: File;
  dryRun: boolean;
  format: string;
  mapping?: string | undefined;
  workspace: string | undefined;
  signal: AbortSignal;
  progress: (share: number) => void;
}): Promise<Imported> {
  const parameters = new URLSearchParams({ format: given.format, dry_run: String(given.dryRun), name: given.file.name });
  if (given.mapping !== undefined && given.mapping.trim() !== '') parameters.set('mapping', given.mapping);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1/import?${parameters.toString()}`);
    const fields = { ...headers(given.workspace), 'content-type': 'application/octet-stream' };
    for (const [name, value] of Object.entries(fields)) request.setRequestHeader(name, value);
    request.responseType = 'text';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) given.progress(event.loaded / event.total);
    };
    request.onerror = () => reject(new Failure(0, undefined, 'the network failed'));
    request.onabort = () => reject(new DOMException('given up', 'AbortError'));
    request.onload = () => {
      const body = readJson(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(body as Imported);
      else reject(new Failure(request.status, body as Schemas['Problem'] | undefined, (body as Schemas['Problem'] | undefined)?.detail ?? request.statusText));
    };
    given.signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(given.file);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
