/** The newest sessions that a number counts, and the way to all of them. */
import { Link } from '@tanstack/react-router';

import { useSessions } from '../api/questions';
import { instant, word } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { useView } from '../view/use-view';
import { behind } from './behind';
import { Failed, Loading } from './States';
import type { OpenNumber } from './number-dialog';

export function SessionsBehind({ number, close }: { number: OpenNumber; close: () => void }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const filters = behind(number.filters, number.definition.evidence);
  const sessions = useSessions(view, { filters, limit: 6 });
  const shown = sessions.data?.pages[0]?.sessions ?? [];
  return (
    <section className="stack" style={{ gap: 8 }} aria-label={texts.number.sessions}>
      <div className="row spread">
        <h3>{texts.number.sessions}</h3>
        <Link
          className="button"
          to="/conversations"
          search={{ filter: [...view.filter, ...filters] }}
          onClick={close}
        >
          {texts.pages.conversations}
        </Link>
      </div>
      {sessions.isError && <Failed error={sessions.error} />}
      {sessions.isPending && <Loading height={150} />}
      <ul className="plain-list">
        {shown.map((session) => (
          <li key={session.session_id}>
            <Link className="menu-item" to="/conversations/$id" params={{ id: session.session_id ?? '' }} onClick={close}>
              <span className={`dot ${session.outcome ?? 'none'}`} />
              <span>{instant(locale, view.zone, session.start_time ?? '')}</span>
              <span className="soft">{session.topic_name ?? word(session.outcome ?? 'none')}</span>
              <span className="soft push">{session.channel}</span>
            </Link>
          </li>
        ))}
      </ul>
      {sessions.isSuccess && shown.length === 0 && <p className="soft">{texts.states.empty}</p>}
    </section>
  );
}
