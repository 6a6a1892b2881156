/** The newest sessions that a number counts, and the way to all of them. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import type { Schemas, Session } from '../api/client';
import { useBehind, useSessions } from '../api/questions';
import { instant, whole, word } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { useView } from '../view/use-view';
import { behind } from './behind';
import { Choice } from './Choice';
import { SessionLink } from './SessionLink';
import { Failed, Loading } from './States';
import type { OpenNumber } from './number-dialog';

/** How many are shown at once. */
const MOST = 6;

type Part = Schemas['CellPart'];

export function SessionsBehind({ number, close }: { number: OpenNumber; close: () => void }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const [part, setPart] = useState<Part>('numerator');
  const { row, value } = number;
  const exact = useBehind(view, number.question, { metric: number.definition.id, part, dimensions: row?.dimensions ?? {}, other: row?.other ?? false }, MOST);
  const filters = number.filters === undefined ? undefined : behind(number.filters, number.definition.evidence);
  // Numbers that no drill-down knows have their filter.
  const byFilter = number.question === undefined || exact.isError;
  const found = useSessions(view, { filters: filters ?? [], limit: MOST }, byFilter && filters !== undefined);
  const pages = exact.data?.pages ?? [];
  const count = byFilter ? undefined : pages[0]?.session_count;
  const shown: Session[] = byFilter ? (found.data?.pages[0]?.sessions ?? []) : pages.flatMap((page) => page.sessions.map((one) => one.session));
  const asked = byFilter ? found : exact;
  const hasParts = !byFilter && number.definition.unit === 'share' && typeof value?.numerator === 'number' && typeof value.denominator === 'number';
  return (
    <section className="stack" style={{ gap: 8 }} aria-label={texts.number.sessions}>
      <div className="row spread">
        <h3>
          {texts.number.sessions} {count !== undefined && <span className="soft">({whole(locale, count)})</span>}
        </h3>
        {hasParts && (
          <Choice label={texts.number.part} value={part} options={[['numerator', texts.number.parts.numerator], ['denominator', texts.number.parts.denominator]] as const} choose={setPart} />
        )}
        {filters !== undefined && (
          <Link className="button" to="/conversations" search={{ filter: [...view.filter, ...filters] }} onClick={close}>
            {texts.pages.conversations}
          </Link>
        )}
      </div>
      {asked.isError && <Failed error={asked.error} />}
      {asked.isPending && <Loading height={150} />}
      <ul className="plain-list">
        {shown.map((session) => (
          <li key={session.session_id}>
            <SessionLink id={session.session_id ?? ''} className="menu-item" onClick={close}>
              <span className={`dot ${session.outcome ?? 'none'}`} />
              <span>{instant(locale, view.zone, session.start_time ?? '')}</span>
              <span className="soft">{session.topic_name ?? word(session.outcome ?? 'none', texts.words)}</span>
              <span className="soft push">{session.channel}</span>
            </SessionLink>
          </li>
        ))}
      </ul>
      {!byFilter && exact.hasNextPage && (
        <div>
          <button type="button" className="button quiet" disabled={exact.isFetchingNextPage} onClick={() => void exact.fetchNextPage()}>
            {texts.number.moreSessions}
          </button>
        </div>
      )}
      {asked.isSuccess && shown.length === 0 && <p className="soft">{texts.states.empty}</p>}
    </section>
  );
}
