/** A file: looked through first, then taken in, with how far it is. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type DragEvent } from 'react';

import { importFile, type Imported } from '../../api/import';
import { Card } from '../../components/Cards';
import { AreaField, Wrong } from '../../components/Forms';
import { percent, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { ImportResult } from './ImportResult';

type State =
  | { is: 'empty' }
  | { is: 'sending'; dryRun: boolean; share: number }
  | { is: 'there'; result: Imported }
  | { is: 'failed'; error: Error };

export function ImportFile() {
  const { locale } = usePreferences();
  const words = usePart('start').data;
  const view = useView();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const ending = useRef<AbortController>(undefined);
  const [file, setFile] = useState<File>();
  const [mapping, setMapping] = useState('');
  const [state, setState] = useState<State>({ is: 'empty' });
  const [over, setOver] = useState(false);
  useEffect(() => () => ending.current?.abort(), []);

  const send = async (chosen: File, dryRun: boolean) => {
    ending.current?.abort();
    const control = new AbortController();
    ending.current = control;
    setFile(chosen);
    setState({ is: 'sending', dryRun, share: 0 });
    const progress = (share: number) => setState({ is: 'sending', dryRun, share });
    try {
      const result = await importFile({ file: chosen, dryRun, format: 'auto', mapping, workspace: view.workspace, signal: control.signal, progress });
      setState({ is: 'there', result });
      if (!dryRun) await client.invalidateQueries();
    } catch (error) {
      if (control.signal.aborted) setState({ is: 'empty' });
      else setState({ is: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped !== undefined) void send(dropped, true);
  };
  const result = state.is === 'there' ? state.result : undefined;
  return (
    <Card title={words.file} hint={words.fileHint}>
      {/* The mouse may drop a file; the button beside does the same from the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={over ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        {state.is === 'sending' ? (
          <>
            <span role="status">
              {state.dryRun ? words.looking : words.importing} {file?.name}
            </span>
            <progress max={1} value={state.share} aria-label={state.dryRun ? words.looking : words.importing} />
            <span className="soft small">{words.sent(percent(locale, state.share, 0))}</span>
            <button type="button" className="button" onClick={() => ending.current?.abort()}>
              {words.stop}
            </button>
          </>
        ) : (
          <>
            <span>{file === undefined || state.is === 'empty' ? words.drop : `${file.name} (${whole(locale, Math.ceil(file.size / 1024))} KiB)`}</span>
            <button type="button" className="button" onClick={() => input.current?.click()}>
              {file === undefined ? words.choose : words.another}
            </button>
          </>
        )}
        <input
          ref={input}
          type="file"
          className="visually-hidden"
          tabIndex={-1}
          aria-label={words.file}
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            if (chosen !== undefined) void send(chosen, true);
            event.target.value = '';
          }}
        />
      </div>
      <Wrong error={state.is === 'failed' ? state.error : null} />
      {result !== undefined && <ImportResult result={result} import={file === undefined ? undefined : () => void send(file, false)} />}
      <details open={result?.format === 'unknown'}>
        <summary>{words.mapping}</summary>
        <AreaField label={words.mapping} value={mapping} set={setMapping} rows={8} hint={words.mappingHint} mono />
        {file !== undefined && mapping.trim() !== '' && (
          <button type="button" className="button" onClick={() => void send(file, true)}>
            {words.looking.replace('…', '')}
          </button>
        )}
      </details>
    </Card>
  );
}
