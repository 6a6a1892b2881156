/** What was really said: messages of the newest sessions that a filter lists. */
import { Link } from '@tanstack/react-router';

import { useMay } from '../api/access';
import type { Schemas } from '../api/client';
import { useSession, useSessions } from '../api/questions';
import { instant } from '../format/format';
import { usePreferences } from '../shell/preferences';
import type { View } from '../view/view';
import { Card } from './Cards';
import { QuickLink, sessionPath } from './QuickLink';
import { Empty, Failed, Loading } from './States';

type Said = Schemas['MessageWithText'];

/** How many sessions are looked into. */
const MOST = 5;

/** Only for who may read what was said. */
export function Words(props: Parameters<typeof Newest>[0]) {
  return useMay('text') ? <Newest {...props} /> : null;
}

function Newest(props: { view: View; title: string; hint: string; filter: string; /** What stands where there is none. */ empty: string; which: (message: Said) => boolean }) {
  const { texts } = usePreferences();
  const sessions = useSessions(props.view, { filters: [props.filter], limit: MOST });
  const shown = sessions.data?.pages[0]?.sessions ?? [];
  return (
    <Card
      title={props.title}
      hint={props.hint}
      tools={
        <Link className="button quiet" to="/conversations" search={{ filter: [...props.view.filter, props.filter] }}>
          {texts.more.allSessions}
        </Link>
      }
    >
      {sessions.isPending && <Loading height={280} />}
      {sessions.isError && <Failed error={sessions.error} again={() => void sessions.refetch()} />}
      {sessions.isSuccess && shown.length === 0 && <Empty reason={props.empty} />}
      <ul>
        {shown.map((session) => (
          <One key={session.session_id} view={props.view} id={session.session_id} which={props.which} />
        ))}
      </ul>
    </Card>
  );
}

function One({ view, id, which }: { view: View; id: string; which: (message: Said) => boolean }) {
  const { texts, locale } = usePreferences();
  const session = useSession(view, id);
  if (session.isError) return null;
  if (session.data === undefined || session.data === null) return <li className="words" aria-busy={session.isPending} />;
  return (
    <>
      {session.data.messages.filter(which).map((message) => (
        <li key={message.event_id} className="words">
          <QuickLink to={sessionPath(id)}>{message.text ?? texts.session.noText}</QuickLink>
          <span className="soft small">
            {[message.topic_name, instant(locale, view.zone, message.time)].filter((part) => part !== undefined).join(' · ')}
          </span>
        </li>
      ))}
    </>
  );
}
