/** The dialog behind every number: what it says, how it was made, and the sessions that it counts. */
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';

import type { Definition, MetricValue, Query, Schemas } from '../api/client';
import { reasonOf } from '../api/named';
import { useMay } from '../api/access';
import { useMetrics } from '../api/questions';
import { inUnit, whole } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { SessionsBehind } from './SessionsBehind';
import { Dialog } from './Dialog';
import { Answered } from './States';

export interface OpenNumber {
  definition: Pick<Definition, 'id' | 'name' | 'unit' | 'evidence' | 'text'>;
  value: MetricValue | undefined;
  /** Filters beside those of the view: of the row or card that the number stands in; undefined where no filter says which sessions it counts. */
  filters: string[] | undefined;
  /** The question that it answers, where its sessions can be asked for. */
  question?: Query | undefined;
  /** The row that it stands in; nothing for the totals. */
  row?: { dimensions: Schemas['Row']['dimensions']; other?: boolean } | undefined;
}

const Context = createContext<{ open: (number: OpenNumber) => void } | null>(null);

export function useNumberDialog(): { open: (number: OpenNumber) => void } {
  const found = useContext(Context);
  if (found === null) throw new Error('there is no dialog of numbers outside of its provider');
  return found;
}

export function NumberDialogProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<OpenNumber | null>(null);
  const open = useCallback((number: OpenNumber) => setShown(number), []);
  const value = useMemo(() => ({ open }), [open]);
  return (
    <Context value={value}>
      {children}
      {shown !== null && <NumberDialog number={shown} close={() => setShown(null)} />}
    </Context>
  );
}

function NumberDialog({ number, close }: { number: OpenNumber; close: () => void }) {
  const { texts } = usePreferences();
  const metrics = useMetrics();
  const maySessions = useMay('sessions');
  return (
    <Dialog title={number.definition.name} onClose={close}>
      <p>{number.definition.text}</p>
      {number.value !== undefined && <ValueInFull number={number} value={number.value} />}
      {maySessions && <SessionsBehind number={number} close={close} />}
      <Answered asked={metrics} height={180}>
        {(all) => {
          const metric = all.metrics.find((one) => one.id === number.definition.id);
          if (metric === undefined) return null;
          return (
            <div className="stack">
              <dl className="facts">
                <dt>{texts.definition.id}</dt>
                <dd className="mono">
                  {metric.id} · {texts.definition.version} {metric.version}
                </dd>
                <dt>{texts.definition.clock}</dt>
                <dd>{texts.definition.clocks[metric.clock]}</dd>
                <dt>{texts.definition.good}</dt>
                <dd>{texts.definition.directions[metric.direction]}</dd>
              </dl>
              <h3>{texts.definition.example}</h3>
              {/* Wide examples scroll, from the keyboard too. */}
              {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <pre tabIndex={0} aria-label={texts.definition.example}>
                {metric.example.sessions.trim()}
                {'\n\n'}
                {metric.example.result.trim()}
              </pre>
            </div>
          );
        }}
      </Answered>
    </Dialog>
  );
}

function ValueInFull({ number, value }: { number: OpenNumber; value: MetricValue }) {
  const { texts, locale } = usePreferences();
  const unit = number.definition.unit;
  const [low, high] = value.interval ?? [];
  const isThere = typeof value.value === 'number';
  return (
    <dl className="facts">
      <dt>{texts.definition.now}</dt>
      <dd>
        <strong>{isThere ? inUnit(locale, value.value ?? 0, unit) : `${texts.number.noData}: ${reasonOf(texts, value.reason) ?? ''}`}</strong>
        {typeof value.numerator === 'number' && typeof value.denominator === 'number' && (
          <span className="soft">
            {' '}
            {texts.definition.fraction(whole(locale, value.numerator), whole(locale, value.denominator))}
          </span>
        )}
      </dd>
      <dt>n</dt>
      <dd>{whole(locale, value.n)}</dd>
      {low !== undefined && high !== undefined && (
        <>
          <dt>95 %</dt>
          <dd>
            {inUnit(locale, low, unit)} … {inUnit(locale, high, unit)}
            {value.interval_method !== undefined && value.interval_method !== null && (
              <span className="soft"> · {texts.definition.methods[value.interval_method]}</span>
            )}
          </dd>
        </>
      )}
      {value.pending > 0 && (
        <>
          <dt>{texts.chart.pending}</dt>
          <dd>{whole(locale, value.pending)}</dd>
        </>
      )}
    </dl>
  );
}
