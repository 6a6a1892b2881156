/** How events are sent, to be copied. */
import { useState } from 'react';

import { useMe } from '../../api/access';
import { Choice } from '../../components/Choice';
import { Copyable } from '../../components/Copy';
import { usePart } from '../../texts/parts';

type Language = 'curl' | 'javascript' | 'python';

export function Snippets({ secret }: { secret: string }) {
  const words = usePart('settings').sources;
  const me = useMe().data;
  const [language, setLanguage] = useState<Language>('curl');
  const address = `${window.location.origin}/api/v1/events`;
  const workspace = me?.workspace ?? 'main';
  // Nobody needs a key where nobody signs in.
  const keyed = me?.mode !== 'open';
  return (
    <>
      <div>
        <Choice label={words.send} value={language} options={(['curl', 'javascript', 'python'] as const).map((one) => [one, words.languages[one]] as const)} choose={setLanguage} />
      </div>
      <Copyable label={words.languages[language]} text={snippet(language, { address, workspace, secret: keyed ? secret : undefined })} />
    </>
  );
}

const EVENT = { event_type: 'message', time: '2026-03-01T09:30:00Z', conversation_id: 'c-1', role: 'user', text: 'Where is my order?', channel: 'web' };

/** The names of JSON are those of Python, and of JavaScript with quotes. */
function snippet(language: Language, to: { address: string; workspace: string; secret: string | undefined }): string {
  const headers: [string, string][] = [['content-type', 'application/json']];
  if (to.secret !== undefined) headers.push(['authorization', `Bearer ${to.secret}`]);
  if (to.workspace !== 'main') headers.push(['x-upshot-workspace', to.workspace]);
  const event = JSON.stringify(EVENT, null, 2);
  switch (language) {
    case 'curl':
      return [`curl -X POST ${to.address} \\`, ...headers.map(([name, value]) => `  -H '${name}: ${value}' \\`), `  -d '${JSON.stringify(EVENT)}'`].join('\n');
    case 'javascript':
      return `await fetch('${to.address}', {\n  method: 'POST',\n  headers: ${JSON.stringify(Object.fromEntries(headers), null, 2).replaceAll('\n', '\n  ')},\n  body: JSON.stringify(${event.replaceAll('\n', '\n  ')}),\n});`;
    case 'python':
      return `import requests\n\nrequests.post(\n    '${to.address}',\n    headers=${JSON.stringify(Object.fromEntries(headers))},\n    json=${event.replaceAll('\n', '\n    ')},\n).raise_for_status()`;
  }
}
