/** What is kept of what people write, in general and of single sources: `full` is chosen only by somebody who has read what it means. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { useSetTextMode, useTextMode } from '../../api/privacy';
import { Sure, Wrong } from '../../components/Forms';
import { Answered } from '../../components/States';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { Saving } from './Saving';
import { SourceTextModes } from './SourceTextModes';
import { MODES, type Mode } from './text-modes';

type Shown = Schemas['TextModeAnswer'];
type Choice = Mode | 'server';

export function TextMode() {
  const shown = useTextMode(useView());
  return (
    <Answered asked={shown} height={260}>
      {(answer) => (
        <div className="stack" style={{ gap: 20 }}>
          <TextModeForm key={`${answer.mode} ${answer.is_set}`} shown={answer} />
          <SourceTextModes shown={answer} />
        </div>
      )}
    </Answered>
  );
}

function TextModeForm({ shown }: { shown: Shown }) {
  const all = usePart('settings');
  const words = all.privacy;
  const { locale } = usePreferences();
  const may = useMay('settings');
  const view = useView();
  const save = useSetTextMode(view);
  const before: Choice = shown.is_set ? shown.mode : 'server';
  const [choice, setChoice] = useState(before);
  const mode = choice === 'server' ? shown.fallback : choice;
  const keepsAll = mode === 'full' && shown.mode !== 'full';
  const set = () => save.mutate({ mode: choice === 'server' ? null : choice });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!keepsAll) set();
  };
  const option = (value: Choice, name: string, says: string) => (
    <label className="option" key={value}>
      <input type="radio" name="text-mode" value={value} checked={choice === value} disabled={!may} onChange={() => setChoice(value)} />
      <span>
        <span className="option-name">{name}</span>
        {value === before && <span className="badge accent">{words.holds}</span>}
        <span className="soft">{says}</span>
      </span>
    </label>
  );
  return (
    <form className="stack" onSubmit={submit}>
      <fieldset className="plain options">
        <legend>
          <h3>{words.modes}</h3>
        </legend>
        {MODES.map((one) => option(one, words.mode[one].name, words.mode[one].says))}
        {option('server', words.asServer(words.mode[shown.fallback].name), words.asServerSays)}
      </fieldset>
      {shown.changed != null && <p className="soft small">{words.since(instant(locale, view.zone, shown.changed))}</p>}
      <Wrong error={save.error} />
      {keepsAll && may ? (
        <>
          <p className="caution" role="status">
            {words.fullMeans}
          </p>
          <div className="row">
            <Sure label={all.save} sure={words.fullSure} keep={words.fullNot} busy={save.isPending} act={set} />
          </div>
        </>
      ) : (
        <Saving may={may} pending={save.isPending || choice === before} done={save.isSuccess} />
      )}
    </form>
  );
}
