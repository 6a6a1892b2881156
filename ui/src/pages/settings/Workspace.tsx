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

type Baseline = Settings['ticket_baseline'];
const BASELINES = ['none', 'rate', 'range'] as const;
type BaselineKind = (typeof BASELINES)[number];

const kindOf = (baseline: Baseline): BaselineKind => (baseline.rate != null ? 'rate' : baseline.from != null || baseline.to != null ? 'range' : 'none');

/** What `ticket_reduction` compares with: only what was chosen is kept. */
function BaselineFields({ baseline, set, may }: { baseline: Baseline; set: (baseline: Baseline) => void; may: boolean }) {
  const words = usePart('settings').workspace;
  const [kind, setKind] = useState(kindOf(baseline));
  const [percent, setPercent] = useState(baseline.rate == null ? '' : String(Math.round(baseline.rate * 10_000) / 100));
  const choose = (chosen: BaselineKind) => {
    setKind(chosen);
    setPercent('');
    set({});
  };
  const share = (text: string) => {
    setPercent(text);
    const given = amount(text);
    set({ rate: given === null ? null : given / 100 });
  };
  return (
    <fieldset className="plain stack" style={{ gap: 8 }}>
      <legend>
        <h3>{words.baseline}</h3>
      </legend>
      <p className="soft small">{words.baselineHint}</p>
      <div className="fields">
        <SelectField label={words.against} value={kind} options={BASELINES.map((one) => [one, words.baselines[one]] as const)} set={choose} disabled={!may} />
        {kind === 'rate' && <TextField label={words.rate} value={percent} set={share} required disabled={!may} />}
        {kind === 'range' && <TextField label={words.from} kind="date" value={baseline.from ?? ''} set={(from) => set({ ...baseline, from })} required disabled={!may} />}
        {kind === 'range' && <TextField label={words.to} kind="date" value={baseline.to ?? ''} set={(to) => set({ ...baseline, to })} required disabled={!may} />}
      </div>
    </fieldset>
  );
}

export function WorkspaceForm({ settings, done }: { settings: Settings; done?: () => void }) {
  const words = usePart('settings');
  const may = useMay('settings');
  const save = useSetSettings(useView(), settings);
  // Where nothing was ever set, the reader's own zone is the likeliest.
  const [zone, setZone] = useState(settings.changed == null ? BROWSER_ZONE : settings.time_zone);
  const [week, setWeek] = useState<Week>(WEEKS.find((one) => one === settings.week_start) ?? 'monday');
  const [currency, setCurrency] = useState(settings.currency);
  const [minute, setMinute] = useState(settings.costs.agent_minute?.toString() ?? '');
  const [contact, setContact] = useState(settings.costs.human_contact?.toString() ?? '');
  const [baseline, setBaseline] = useState(settings.ticket_baseline);
  const zones = [...new Set([zone, BROWSER_ZONE, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { time_zone: zone, week_start: week, currency: currency.trim().toUpperCase(), costs: { agent_minute: amount(minute), human_contact: amount(contact) }, ticket_baseline: baseline },
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
      <BaselineFields baseline={baseline} set={setBaseline} may={may} />
      <Wrong error={save.error} />
      <Saving may={may} pending={save.isPending} done={save.isSuccess} />
    </form>
  );
}
