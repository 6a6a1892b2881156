/** What is looked at: range, comparison, bot, traffic, filters, zone. All of it lands in the address. */
import * as Popover from '@radix-ui/react-popover';
import { lazy, memo, Suspense, useMemo, useState, type FormEvent } from 'react';

import { useValues } from '../api/questions';
import { segmentOf } from '../api/segments';
import { useSettings } from '../api/workspace';
import { Loading } from '../components/States';
import { useSetView, useView } from '../view/use-view';
import { rangeName } from '../view/range-name';
import { BROWSER_ZONE, everythingOf, type Compare, type Environment } from '../view/view';
import { AddFilter } from './AddFilter';
import { usePreferences, useTexts } from './preferences';

const SegmentsMenu = lazy(() => import('./SegmentsMenu'));

const COMPARES: Compare[] = ['previous', 'year', 'year_by_weekday', 'none'];
const ENVIRONMENTS: Environment[] = ['production', 'test', 'all'];

export function FilterBar() {
  const texts = useTexts();
  const view = useView();
  const setView = useSetView();
  const [more, setMore] = useState(false);
  const active = view.filter.length + (view.bot === undefined ? 0 : 1);
  return (
    <div role="group" aria-label={texts.bar.label} className="row bar">
      <RangeChoice />
      {view.environment !== 'production' && <span className="badge warn only-narrow">{texts.bar.environmentBadge[view.environment]}</span>}
      <button type="button" className="button only-narrow bar-toggle" aria-expanded={more} onClick={() => setMore(!more)}>
        {texts.bar.more}
        {active > 0 && ` (${active})`}
      </button>
      <div className={more ? 'bar-more row open' : 'bar-more row'}>
        <select
          aria-label={texts.bar.compare}
          title={texts.bar.compare}
          value={view.compare}
          onChange={(event) => setView({ compare: event.target.value as Compare })}
        >
          {COMPARES.map((one) => (
            <option key={one} value={one}>
              {texts.bar.compares[one]}
            </option>
          ))}
        </select>
        <BotChoice />
        <select
          // Where the choice itself is in sight it is the badge: another one beside it would move what follows.
          className={view.environment === 'production' ? undefined : 'warn'}
          aria-label={texts.bar.traffic}
          title={texts.bar.traffic}
          value={view.environment}
          onChange={(event) => setView({ environment: event.target.value as Environment })}
        >
          {ENVIRONMENTS.map((one) => (
            <option key={one} value={one}>
              {texts.bar.environments[one]}
            </option>
          ))}
        </select>
        <ZoneChoice />
        <AddFilter />
        <Segments />
        {view.filter.map((filter, position) => (
          <span className="chip" key={filter}>
            <span title={filter}>{segmentOf(filter) ?? filter}</span>
            <button
              type="button"
              aria-label={texts.bar.removeFilter(filter)}
              onClick={() => setView({ filter: view.filter.filter((_, other) => other !== position) })}
            >
              ×
            </button>
          </span>
        ))}
        {view.filter.length > 1 && (
          <button type="button" className="button quiet" onClick={() => setView({ filter: [] })}>
            {texts.bar.clearFilters}
          </button>
        )}
      </div>
    </div>
  );
}

function Segments() {
  const texts = useTexts();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="button">{texts.bar.segments}</Popover.Trigger>
      <Popover.Content className="popover stack" align="start" sideOffset={6} aria-label={texts.bar.segments}>
        <Suspense fallback={<Loading height={60} />}>
          <SegmentsMenu close={() => setOpen(false)} />
        </Suspense>
      </Popover.Content>
    </Popover.Root>
  );
}

function RangeChoice() {
  const { texts, locale } = usePreferences();
  const view = useView();
  const setView = useSetView();
  const [open, setOpen] = useState(false);
  const [first, last] = view.range.split('..');
  const isDays = last !== undefined;
  const name = rangeName(texts, locale, view.range);
  const choose = (range: string) => {
    setView({ range });
    setOpen(false);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [from, to] = [String(form.get('from')), String(form.get('to'))];
    if (from !== '' && to !== '') choose(from <= to ? `${from}..${to}` : `${to}..${from}`);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="button" title={texts.bar.range}>
        <span className="visually-hidden">{texts.bar.range}: </span>
        {name} <span aria-hidden="true">▾</span>
      </Popover.Trigger>
      <Popover.Content className="popover" align="start" sideOffset={6} aria-label={texts.bar.range}>
        {Object.entries(texts.bar.ranges).map(([range, label]) => (
          <button
            type="button"
            key={range}
            className="menu-item"
            aria-current={range === view.range ? 'true' : undefined}
            onClick={() => choose(range)}
          >
            {label}
          </button>
        ))}
        <form className="row" style={{ padding: 8 }} onSubmit={submit}>
          <label className="stack small" style={{ gap: 2 }}>
            {texts.bar.from}
            <input type="date" name="from" required defaultValue={isDays ? first : undefined} />
          </label>
          <label className="stack small" style={{ gap: 2 }}>
            {texts.bar.to}
            <input type="date" name="to" required defaultValue={last} />
          </label>
          <button type="submit" className="button main">
            {texts.bar.apply}
          </button>
        </form>
      </Popover.Content>
    </Popover.Root>
  );
}

function BotChoice() {
  const texts = useTexts();
  const view = useView();
  const setView = useSetView();
  const values = useValues(everythingOf(view), 'bot');
  const settings = useSettings(view).data;
  const names = new Map((settings?.bots ?? []).map((bot) => [bot.id, bot.name]));
  const bots = useMemo(() => {
    const found = (values.data?.rows ?? []).map((row) => row.dimensions.bot).filter((bot) => typeof bot === 'string');
    return view.bot !== undefined && !found.includes(view.bot) ? [view.bot, ...found] : found;
  }, [values.data, view.bot]);
  return (
    <select
      aria-label={texts.bar.bot}
      title={texts.bar.bot}
      value={view.bot ?? ''}
      onChange={(event) => setView({ bot: event.target.value === '' ? undefined : event.target.value })}
    >
      <option value="">{texts.bar.allBots}</option>
      {bots.map((bot) => (
        <option key={bot} value={bot}>
          {names.get(bot) ?? bot}
        </option>
      ))}
    </select>
  );
}

/** Zones that the browser knows; the reader's own first. */
function ZoneChoice() {
  const setView = useSetView();
  return <Zones zone={useView().zone} setView={setView} />;
}

/** Hundreds of them: they stay as they are while other things change. */
const Zones = memo(function Zones({ zone, setView }: { zone: string; setView: ReturnType<typeof useSetView> }) {
  const texts = useTexts();
  const zones = useMemo(() => {
    const first = [...new Set([zone, BROWSER_ZONE, 'UTC'])];
    const rest = Intl.supportedValuesOf('timeZone').filter((other) => !first.includes(other));
    return [...first, ...rest];
  }, [zone]);
  return (
    <select aria-label={texts.bar.zone} title={texts.bar.zone} value={zone} onChange={(event) => setView({ zone: event.target.value })}>
      {zones.map((one) => (
        <option key={one} value={one}>
          {one.replaceAll('_', ' ')}
        </option>
      ))}
    </select>
  );
});
