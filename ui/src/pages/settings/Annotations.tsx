/** What happened, as it stands on charts over time. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import { useValues } from '../../api/questions';
import { useAnnotations, useReleases, useRemoveAnnotation, useSaveAnnotation, useShowReleases, type Annotation } from '../../api/saved';
import { Card } from '../../components/Cards';
import { Dialog } from '../../components/Dialog';
import { SelectField, Sure, TextField, Wrong } from '../../components/Forms';
import { Answered, Empty } from '../../components/States';
import { day, whole } from '../../format/format';
import { usePreferences, useTexts } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { everythingOf } from '../../view/view';

const KINDS: readonly Annotation['kind'][] = ['release', 'incident', 'campaign', 'other'];

export function Annotations() {
  return (
    <>
      <Noted />
      <Seen />
    </>
  );
}

/** The new versions of bots: nobody notes them, and they can only be hidden. */
function Seen() {
  const { locale } = usePreferences();
  const words = usePart('settings').annotations;
  const { chart } = useTexts();
  const view = useView();
  const releases = useReleases(view, { everything: true });
  return (
    <Card title={words.seen} hint={words.seenHint}>
      <Answered asked={releases} height={160}>
        {(answer) => (
          <>
            <Shown key={String(answer.shown)} shown={answer.shown} />
            {answer.shown && answer.releases.length === 0 && <Empty reason={words.seenNone} />}
            {answer.releases.length > 0 && (
              <ul>
                {[...answer.releases].reverse().map((one) => (
                  <li key={`${one.bot ?? ''} ${one.version}`} className="list-entry">
                    <span className="flag seen release" aria-hidden="true" /> {chart.release(one.version, one.bot_name ?? null)}
                    <span className="soft small search-hint">{`${day(locale, view.zone, one.time)} · ${words.seenSessions(whole(locale, one.sessions))}`}</span>
                  </li>
                ))}
              </ul>
            )}
            {answer.left_out > 0 && <p className="soft small">{words.seenLeftOut(whole(locale, answer.left_out))}</p>}
          </>
        )}
      </Answered>
    </Card>
  );
}

/** Whether they are shown: the box follows the hand, and goes back where that fails. */
function Shown({ shown }: { shown: boolean }) {
  const words = usePart('settings').annotations;
  const may = useMay('define');
  const show = useShowReleases(useView());
  const [checked, setChecked] = useState(shown);
  const change = (wanted: boolean) => {
    setChecked(wanted);
    show.mutate(wanted, { onError: () => setChecked(shown) });
  };
  return (
    <>
      <label className="option">
        <input type="checkbox" checked={checked} disabled={!may} onChange={(event) => change(event.target.checked)} />
        <span>{words.seenShown}</span>
      </label>
      <Wrong error={show.error} />
    </>
  );
}

function Noted() {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const may = useMay('define');
  const annotations = useAnnotations(view, { everything: true });
  const removing = useRemoveAnnotation(view);
  const [edited, setEdited] = useState<Annotation | 'new' | null>(null);
  return (
    <Card
      title={words.section.annotations}
      hint={words.annotations.hint}
      tools={
        may && (
          <button type="button" className="button" onClick={() => setEdited('new')}>
            {words.annotations.add}
          </button>
        )
      }
    >
      <Wrong error={removing.error} />
      <Answered asked={annotations} height={160}>
        {(answer) =>
          answer.annotations.length === 0 ? (
            <Empty reason={words.annotations.none} />
          ) : (
            <ul>
              {[...answer.annotations].reverse().map((one) => (
                <li key={one.id} className="row list-entry">
                  <span className="grows">
                    <span className={`flag ${one.kind}`} aria-hidden="true" /> {one.text}
                    <span className="soft small search-hint">
                      {[`${day(locale, view.zone, one.time)}${one.end == null ? '' : ` – ${day(locale, view.zone, one.end)}`}`, words.annotations.kinds[one.kind], one.bot, one.author].filter((part) => part != null && part !== '').join(' · ')}
                    </span>
                  </span>
                  {may && (
                    <>
                      <button type="button" className="button quiet" aria-label={`${words.edit}: ${one.text}`} onClick={() => setEdited(one)}>
                        {words.edit}
                      </button>
                      <Sure label={words.remove} about={one.text} sure={words.sure} keep={words.keep} busy={removing.isPending} act={() => removing.mutate(one.id)} />
                    </>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {edited !== null && <Edit annotation={edited === 'new' ? undefined : edited} close={() => setEdited(null)} />}
    </Card>
  );
}

/** The day of an instant on the clock of a zone, as a field of dates takes it. */
function dayOf(time: string | null | undefined, zone: string): string {
  return time == null ? '' : new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(new Date(time));
}

function Edit({ annotation, close }: { annotation: Annotation | undefined; close: () => void }) {
  const words = usePart('settings');
  const view = useView();
  const save = useSaveAnnotation(view);
  const bots = useValues(everythingOf(view), 'bot');
  const [time, setTime] = useState(dayOf(annotation?.time ?? new Date().toISOString(), view.zone));
  const [end, setEnd] = useState(dayOf(annotation?.end, view.zone));
  const [text, setText] = useState(annotation?.text ?? '');
  const [kind, setKind] = useState<Annotation['kind']>(annotation?.kind ?? 'release');
  const [bot, setBot] = useState(annotation?.bot ?? '');
  const known = (bots.data?.rows ?? []).flatMap((row) => (typeof row.dimensions.bot === 'string' ? [row.dimensions.bot] : []));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ ...(annotation !== undefined && { id: annotation.id }), time, end: end === '' ? null : end, text: text.trim(), kind, bot: bot === '' ? null : bot }, { onSuccess: close });
  };
  return (
    <Dialog title={words.annotations.add} onClose={close}>
      <form className="stack" onSubmit={submit}>
        <div className="fields">
          <TextField label={words.annotations.text} value={text} set={setText} required most={300} wide />
          <TextField label={words.annotations.day} kind="date" value={time} set={setTime} required />
          <TextField label={words.annotations.until} kind="date" value={end} set={setEnd} hint={words.annotations.untilHint} />
          <SelectField label={words.annotations.kind} value={kind} options={KINDS.map((one) => [one, words.annotations.kinds[one]] as const)} set={setKind} />
          <SelectField label={words.annotations.bot} value={bot} options={[['', words.annotations.allBots] as const, ...known.map((one) => [one, one] as const)]} set={setBot} />
        </div>
        <Wrong error={save.error} />
        <div>
          <button type="submit" className="button main" disabled={save.isPending || text.trim() === '' || time === ''}>
            {words.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
