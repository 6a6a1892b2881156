/** Sources that keep to a mode of their own, whatever the workspace says for all. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { useSetSourceTextMode } from '../../api/privacy';
import { useSources } from '../../api/workspace';
import { SelectField, Sure, TextField, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { MODES, type Mode } from './text-modes';

export function SourceTextModes({ shown }: { shown: Schemas['TextModeAnswer'] }) {
  const all = usePart('settings');
  const words = all.privacy;
  const { locale } = usePreferences();
  const may = useMay('settings');
  const view = useView();
  const save = useSetSourceTextMode(view);
  return (
    <section className="stack">
      <h3>{words.bySource}</h3>
      <p className="soft">{words.bySourceSays}</p>
      {shown.sources.length > 0 && (
        <Scrolls label={words.bySource}>
          <table>
            <thead>
              <tr>
                <th scope="col">{all.sources.source}</th>
                <th scope="col">{words.modes}</th>
                <th scope="col">{words.setOn}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {shown.sources.map(({ source, mode, changed }) => (
                <tr key={source}>
                  <th scope="row">{source}</th>
                  <td>{words.mode[mode].name}</td>
                  <td className="soft unbroken">{instant(locale, view.zone, changed)}</td>
                  <td>{may && <Leave shown={shown} source={source} mode={mode} save={save} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
      <Wrong error={save.error} />
      {may && <Add shown={shown} save={save} />}
    </section>
  );
}

type Save = ReturnType<typeof useSetSourceTextMode>;

/** Leaves a source to the workspace; where more is kept by that, it is asked again. */
function Leave({ shown, source, mode, save }: { shown: Schemas['TextModeAnswer']; source: string; mode: Mode; save: Save }) {
  const words = usePart('settings').privacy;
  const leave = () => save.mutate({ source, mode: null });
  if (shown.mode === 'full' && mode !== 'full') {
    return <Sure label={words.leave} about={source} sure={words.fullSure} keep={words.fullNot} busy={save.isPending} act={leave} />;
  }
  return (
    <button type="button" className="button quiet" aria-label={`${words.leave}: ${source}`} disabled={save.isPending} onClick={leave}>
      {words.leave}
    </button>
  );
}

/** A source and what is to hold for it: those that have sent something are offered. */
function Add({ shown, save }: { shown: Schemas['TextModeAnswer']; save: Save }) {
  const all = usePart('settings');
  const words = all.privacy;
  const sources = useSources(useView());
  const [source, setSource] = useState('');
  const [mode, setMode] = useState<Mode>('none');
  const name = source.trim();
  const before = shown.sources.find((own) => own.source === name)?.mode ?? shown.mode;
  const keepsAll = name !== '' && mode === 'full' && before !== 'full';
  const known = new Set((sources.data?.sources ?? []).flatMap((seen) => (seen.source == null ? [] : [seen.source])));
  const set = () => save.mutate({ source: name, mode }, { onSuccess: () => setSource('') });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!keepsAll && name !== '') set();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields">
        <TextField label={all.sources.source} hint={words.sourceHint} value={source} set={setSource} list={[...known]} most={100} />
        <SelectField label={words.modes} value={mode} set={setMode} options={MODES.map((one) => [one, words.mode[one].name] as const)} />
      </div>
      {keepsAll ? (
        <>
          <p className="caution" role="status">
            {words.fullMeans}
          </p>
          <div className="row">
            <Sure label={words.setSource} sure={words.fullSure} keep={words.fullNot} busy={save.isPending} act={set} />
          </div>
        </>
      ) : (
        <div className="row">
          <button type="submit" className="button" disabled={name === '' || save.isPending}>
            {words.setSource}
          </button>
        </div>
      )}
    </form>
  );
}
