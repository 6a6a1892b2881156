/** For how many days texts, events and facts are kept: what would go is shown before, because it cannot be undone. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { useKeep, useKeeping, useOutdated } from '../../api/privacy';
import { Card } from '../../components/Cards';
import { Sure, TextField, Wrong } from '../../components/Forms';
import { Answered } from '../../components/States';
import { whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

type Kept = Schemas['KeepingAnswer'];

export function Keeping() {
  const words = usePart('settings').keeping;
  const keeping = useKeeping(useView());
  return (
    <Card title={words.title} hint={words.hint}>
      <Answered asked={keeping} height={200}>
        {(answer) => <KeepingForm key={[answer.texts_days, answer.events_days, answer.facts_days].join()} kept={answer} />}
      </Answered>
    </Card>
  );
}

const written = (days: number | null | undefined) => days?.toString() ?? '';
const read = (text: string) => (text.trim() === '' ? null : Number(text));

function KeepingForm({ kept }: { kept: Kept }) {
  const all = usePart('settings');
  const words = all.keeping;
  const { locale } = usePreferences();
  const may = useMay('settings');
  const view = useView();
  const outdated = useOutdated(view);
  const keep = useKeep(view);
  const [texts, setTexts] = useState(written(kept.texts_days));
  const [events, setEvents] = useState(written(kept.events_days));
  const [facts, setFacts] = useState(written(kept.facts_days));
  const given = { texts_days: read(texts), events_days: read(events), facts_days: read(facts) };
  const isChanged = given.texts_days !== (kept.texts_days ?? null) || given.events_days !== (kept.events_days ?? null) || given.facts_days !== (kept.facts_days ?? null);
  const change = (set: (text: string) => void) => (text: string) => {
    set(text);
    outdated.reset();
    keep.reset();
  };
  const look = (event: FormEvent) => {
    event.preventDefault();
    outdated.mutate(given);
  };
  const found = outdated.data;
  const days = (label: string, value: string, set: (text: string) => void, first: string | null | undefined) => (
    <TextField label={label} kind="number" value={value} set={change(set)} placeholder={words.forEver} hint={first == null ? undefined : words.since(first)} disabled={!may} />
  );
  return (
    <form className="stack" onSubmit={look}>
      <div className="fields">
        {days(words.texts, texts, setTexts, kept.first_days.texts)}
        {days(words.events, events, setEvents, kept.first_days.events)}
        {days(words.facts, facts, setFacts, kept.first_days.facts)}
      </div>
      <Wrong error={outdated.error ?? keep.error} />
      <p role="status">
        {found !== undefined && (found.files === 0 ? words.nothing : words.goes(whole(locale, found.texts), whole(locale, found.events), whole(locale, found.sessions)))}
      </p>
      {may && (
        <div className="row">
          <button type="submit" className="button" disabled={!isChanged || outdated.isPending || keep.isPending}>
            {words.look}
          </button>
          {found !== undefined && <Sure label={words.keep} sure={words.sure} keep={all.keep} busy={keep.isPending} act={() => keep.mutate(given)} />}
        </div>
      )}
    </form>
  );
}
