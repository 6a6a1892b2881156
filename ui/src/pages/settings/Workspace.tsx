/** Time zone, weeks, money. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import { useSetSettings, useSettings, type Settings } from '../../api/workspace';
import { Card } from '../../components/Cards';
import { SelectField, TextField, Wrong } from '../../components/Forms';
import { Answered } from '../../components/States';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { BROWSER_ZONE } from '../../view/view';
import { Saving } from './Saving';

const WEEKS = ['monday', 'sunday', 'saturday'] as const;
type Week = (typeof WEEKS)[number];

export function Workspace() {
  const words = usePart('settings');
  const settings = useSettings(useView());
  return (
    <Card title={words.section.workspace} hint={words.workspace.hint}>
      <Answered asked={settings} height={360}>
        {(answer) => <WorkspaceForm key={answer.changed ?? ''} settings={answer} />}
      </Answered>
    </Card>
  );
}

/** A number, or nothing. */
function amount(text: string): number | null {
  const value = Number(text.replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? null : value;
}

export function WorkspaceForm({ settings, done }: { settings: Settings; done?: () => void }) {
  const words = usePart('settings');
  const may = useMay('settings');
  const save = useSetSettings(useView());
  // Where nothing was ever set, the reader's own zone is the likeliest.
  const [zone, setZone] = useState(settings.changed == null ? BROWSER_ZONE : settings.time_zone);
  const [week, setWeek] = useState<Week>(WEEKS.find((one) => one === settings.week_start) ?? 'monday');
  const [currency, setCurrency] = useState(settings.currency);
  const [minute, setMinute] = useState(settings.costs.agent_minute?.toString() ?? '');
  const [contact, setContact] = useState(settings.costs.human_contact?.toString() ?? '');
  const zones = [...new Set([zone, BROWSER_ZONE, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { time_zone: zone, week_start: week, currency: currency.trim().toUpperCase(), locale: settings.locale ?? null, costs: { agent_minute: amount(minute), human_contact: amount(contact) }, bots: settings.bots, ticket_baseline: settings.ticket_baseline },
      { onSuccess: () => done?.() },
    );
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields">
        <SelectField label={words.workspace.zone} value={zone} options={zones.map((one) => [one, one.replaceAll('_', ' ')] as const)} set={setZone} disabled={!may} />
        <SelectField label={words.workspace.week} value={week} options={WEEKS.map((one) => [one, words.workspace.weeks[one]] as const)} set={setWeek} disabled={!may} />
        <TextField label={words.workspace.currency} value={currency} set={setCurrency} hint={words.workspace.currencyHint} required most={3} disabled={!may} />
      </div>
      <fieldset className="plain stack" style={{ gap: 8 }}>
        <legend>
          <h3>{words.workspace.costs}</h3>
        </legend>
        <p className="soft small">{words.workspace.costsHint}</p>
        <div className="fields">
          <TextField label={`${words.workspace.minute} (${currency})`} value={minute} set={setMinute} disabled={!may} />
          <TextField label={`${words.workspace.contact} (${currency})`} value={contact} set={setContact} disabled={!may} />
        </div>
      </fieldset>
      <Wrong error={save.error} />
      <Saving may={may} pending={save.isPending} done={save.isSuccess} />
    </form>
  );
}
