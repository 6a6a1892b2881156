/** One session: what was said and done, in order; why its facts are what they are; reported beside computed. */
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';

import { Failure, type Schemas } from '../../api/client';
import { useSession } from '../../api/questions';
import { Empty, Failed, Loading } from '../../components/States';
import { instant, seconds, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { is } from '../../view/view';
import { Facts } from './Facts';
import { Notes } from './Notes';
import { Talk } from './Talk';
import { Why } from './Why';

export default function SessionPage() {
  const { texts } = usePreferences();
  const view = useView();
  const { id } = useParams({ from: '/conversations/$id' });
  const session = useSession(view, id);
  const back = (
    <Link to="/conversations" className="button quiet">
      ← {texts.session.back}
    </Link>
  );
  if (session.isPending) return <Loading height={560} />;
  if (session.isError) {
    const isMissing = session.error instanceof Failure && session.error.status === 404;
    return isMissing ? <Empty reason={texts.session.missing}>{back}</Empty> : <Failed error={session.error} again={() => void session.refetch()} />;
  }
  return (
    <>
      <div className="row" style={{ marginBottom: 8 }}>
        {back}
      </div>
      <Head detail={session.data} />
      <div className="session">
        <Transcript detail={session.data} />
        <aside aria-label={texts.session.why}>
          <Why detail={session.data} />
          <Notes id={session.data.session.session_id ?? id} />
          <Facts session={session.data.session} />
        </aside>
      </div>
    </>
  );
}

function Head({ detail }: { detail: Schemas['SessionDetail'] }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const { session } = detail;
  const [copied, setCopied] = useState(false);
  const outcome = session.outcome ?? 'none';
  return (
    <div className="page-head">
      <h1>
        {session.topic_name ?? texts.session.title}
        <span className="visually-hidden"> {instant(locale, view.zone, session.start_time ?? '')}</span>
      </h1>
      <span className="row soft">
        <span className={`dot ${outcome}`} />
        {texts.outcomes.outcome[outcome]}
        <span>·</span> {instant(locale, view.zone, session.start_time ?? '')}
        <span>·</span> {session.channel}
        {typeof session.duration === 'number' && (
          <>
            <span>·</span> {seconds(locale, session.duration / 1e6)}
          </>
        )}
        <span>·</span> {whole(locale, session.messages ?? 0)} {texts.conversations.fields.messages}
        {session.environment === 'test' && <span className="badge warn">{texts.bar.environmentBadge.test}</span>}
      </span>
      <span className="row">
        <button
          type="button"
          className="button"
          onClick={() => {
            void navigator.clipboard.writeText(session.session_id ?? '').then(() => setCopied(true));
          }}
        >
          {copied ? texts.session.copied : texts.session.copyId}
        </button>
        <Link className="button" to="/conversations" search={{ range: 'all', filter: [is('conversation_id', session.conversation_id ?? null)] }}>
          {texts.session.sameConversation}
        </Link>
        {session.user_id !== undefined && session.user_id !== null && (
          <Link className="button" to="/conversations" search={{ range: 'all', filter: [is('user_id', session.user_id ?? null)] }}>
            {texts.session.sameUser}
          </Link>
        )}
      </span>
    </div>
  );
}

function Transcript({ detail }: { detail: Schemas['SessionDetail'] }) {
  const { texts } = usePreferences();
  const [everything, setEverything] = useState(true);
  return (
    <section className="card" aria-label={texts.session.transcript}>
      <header>
        <h2>{texts.session.transcript}</h2>
        <select aria-label={texts.session.show} value={everything ? 'all' : 'messages'} onChange={(event) => setEverything(event.target.value === 'all')}>
          <option value="all">{texts.session.everything}</option>
          <option value="messages">{texts.session.messagesOnly}</option>
        </select>
      </header>
      {detail.messages.length + detail.steps.length === 0 ? <Empty reason={texts.states.empty} /> : <Talk detail={detail} everything={everything} />}
    </section>
  );
}
