/** What was really said: the newest messages of which a condition holds. */
import { useMay } from '../api/access';
import { useMessages } from '../api/questions';
import { instant } from '../format/format';
import { usePreferences } from '../shell/preferences';
import type { View } from '../view/view';
import { Card } from './Cards';
import { QuickLink, sessionPath } from './QuickLink';
import { Answered, Empty } from './States';

/** How many messages are shown. */
const MOST = 8;

/** Only for who may read what was said. */
export function Words(props: Parameters<typeof Newest>[0]) {
  return useMay('text') ? <Newest {...props} /> : null;
}

function Newest(props: { view: View; title: string; hint: string; /** A condition on messages. */ of: string; /** What stands where there is none. */ empty: string }) {
  const { texts, locale } = usePreferences();
  const { view, of } = props;
  const messages = useMessages(view, { filters: [of], limit: MOST });
  return (
    <Card
      title={props.title}
      hint={props.hint}
      tools={
        <QuickLink className="button quiet" to="/conversations" search={{ filter: [...view.filter, `any message (${of})`] }}>
          {texts.more.allSessions}
        </QuickLink>
      }
    >
      <Answered asked={messages} height={280} still>
        {(page) =>
          page.messages.length === 0 ? (
            <Empty reason={props.empty} />
          ) : (
            <ul>
              {page.messages.map((message) => (
                <li key={message.event_id} className="words">
                  {message.session_id == null ? (message.text ?? texts.session.noText) : <QuickLink to={sessionPath(message.session_id)}>{message.text ?? texts.session.noText}</QuickLink>}
                  <span className="soft small">
                    {[message.topic_name, instant(locale, view.zone, message.time)].filter((part) => part != null).join(' · ')}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Card>
  );
}
