/** The rules: which serve, what others would change, and changing them. */
import { useState } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { useProfiles, useValues } from '../../api/questions';
import { useApply, useFactSets, usePreview, useRemoveFactSet } from '../../api/workspace';
import { Card } from '../../components/Cards';
import { AreaField, SelectField, Sure, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered } from '../../components/States';
import { percent, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { everythingOf } from '../../view/view';
import { Preview } from './Preview';

/** Stands for a profile of one's own. */
const OWN = '';
const SAMPLES = ['1', '10', '100'] as const;

export function Profiles() {
  const words = usePart('settings');
  const sets = useFactSets(useView());
  const may = useMay('settings');
  return (
    <>
      <Card title={words.section.profiles} hint={words.profiles.hint}>
        <h3>{words.profiles.now}</h3>
        <Answered asked={sets} height={120}>
          {(answer) => <Sets sets={answer.fact_sets} />}
        </Answered>
      </Card>
      {may && <Change />}
    </>
  );
}

function Sets({ sets }: { sets: Schemas['FactSet'][] }) {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const may = useMay('settings');
  const removing = useRemoveFactSet(useView());
  return (
    <>
      <Wrong error={removing.error} />
      <Scrolls label={words.profiles.now}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.profiles.profile}</th>
              <th scope="col">{words.profiles.role}</th>
              <th scope="col">{words.profiles.serves}</th>
              <th scope="col" className="amount">{words.profiles.sessions}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {sets.map((set) => (
              <tr key={set.fact_set}>
                <th scope="row">
                  {set.profile}
                  <span className="soft small mono search-hint">{set.fact_set}</span>
                </th>
                <td>
                  {words.profiles.roles[set.role]}
                  {set.building != null && (
                    <span className="small search-hint">
                      <progress max={Math.max(set.building.events, 1)} value={set.building.events_done} aria-label={words.profiles.building('')} />{' '}
                      {words.profiles.building(percent(locale, set.building.events === 0 ? 1 : set.building.events_done / set.building.events, 0))}
                      {set.building.failure != null && <span className="bad"> {set.building.failure}</span>}
                    </span>
                  )}
                </td>
                <td>{set.profiles.map((one) => `${one.source ?? words.profiles.everything}: ${one.name}@${one.version}`).join(', ')}</td>
                <td className="amount">{whole(locale, set.sessions)}</td>
                <td>
                  {may && set.role !== 'active' && (
                    <Sure label={words.remove} about={set.profile} sure={words.sure} keep={words.keep} busy={removing.isPending} act={() => removing.mutate(set.profile)} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolls>
    </>
  );
}

/** Other rules: seen first, then applied. */
export function Change({ first, applied }: { first?: string; applied?: () => void }) {
  const words = usePart('settings');
  const view = useView();
  const profiles = useProfiles(view);
  const sources = useValues(everythingOf(view), 'source');
  const preview = usePreview(view);
  const apply = useApply(view);
  const builtIn = profiles.data?.built_in ?? [];
  const [name, setName] = useState(first ?? 'default');
  const [toml, setToml] = useState('');
  const [source, setSource] = useState('');
  const [oneIn, setOneIn] = useState<(typeof SAMPLES)[number]>('1');
  const known = (sources.data?.rows ?? []).flatMap((row) => (typeof row.dimensions.source === 'string' ? [row.dimensions.source] : []));
  const given = { ...(name === OWN ? { toml } : { profile: name }), ...(source !== '' && { source }) };
  const choose = (chosen: string) => {
    if (chosen === OWN && toml === '') setToml(builtIn.find((one) => one.name === name)?.toml ?? '');
    setName(chosen);
    preview.reset();
    apply.reset();
  };
  return (
    <Card title={words.profiles.change} hint={words.profiles.changeHint}>
      <div className="fields">
        <SelectField label={words.profiles.which} value={name} options={[...builtIn.map((one) => [one.name, `${one.name} (${one.version})`] as const), [OWN, words.profiles.own] as const]} set={choose} />
        <SelectField label={words.profiles.source} value={source} options={[['', words.profiles.everything] as const, ...known.map((one) => [one, one] as const)]} set={setSource} />
        <SelectField label={words.profiles.sample} value={oneIn} options={SAMPLES.map((one) => [one, words.profiles.samples[one]] as const)} set={setOneIn} />
        {name === OWN && <AreaField label={words.profiles.ownToml} value={toml} set={setToml} rows={16} mono />}
      </div>
      <div className="row">
        <button type="button" className="button main" disabled={preview.isPending} onClick={() => preview.mutate({ ...given, one_in: Number(oneIn), limit: 20 })}>
          {words.profiles.preview}
        </button>
        <button type="button" className="button" disabled={apply.isPending} onClick={() => apply.mutate(given, { onSuccess: () => applied?.() })}>
          {words.profiles.apply}
        </button>
        <button type="button" className="button quiet" disabled={apply.isPending} onClick={() => apply.mutate({ ...given, additional: true })}>
          {words.profiles.beside}
        </button>
        <span role="status" className="good">
          {apply.isSuccess ? (apply.data.builds ? words.profiles.applied : words.profiles.nothing) : ''}
        </span>
      </div>
      <Wrong error={preview.error ?? apply.error} />
      {preview.isPending && <div className="skeleton" style={{ height: 200 }} />}
      {preview.data !== undefined && <Preview result={preview.data} />}
    </Card>
  );
}
