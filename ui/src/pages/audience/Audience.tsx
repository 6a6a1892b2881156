/** Who comes, how often, when, from where, and who comes back. */
import { useNavigate, useSearch } from '@tanstack/react-router';

import { useDimensions } from '../../api/questions';
import { BarsCard, NumbersCard, TableCard, TrendCard } from '../../components/Cards';
import { Choice } from '../../components/Choice';
import { Nothing, useNothing } from '../../components/Nothing';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import type { View } from '../../view/view';
import { Hours } from './Hours';
import { Retention } from './Retention';

const USERS = ['users', 'new_users', 'returning_users', 'returning_rate', 'sessions_per_user', 'messages_per_user', 'unlinkable_users'];
const ACTIVE = ['active_users', 'active_users_7_days', 'active_users_30_days', 'stickiness', 'engaged_user_rate', 'total_users', 'top_10_percent_share'];
const ACTIVE_TREND = ['active_users', 'active_users_7_days'];
const COUNT = ['users'];
const CHATS = ['chats', 'chat_duration_distribution', 'messages', 'messages_per_session'];
const CHAT_TREND = ['chats'];
const TRAFFIC = ['user_messages', 'bot_messages', 'agent_messages'];
const WHERE = ['sessions', 'users', 'new_users', 'returning_rate', 'engagement_rate', 'resolution_rate', 'csat_score'];
const SESSIONS = ['sessions'];
/** What says where people come from, in the order in which it is offered. */
const PLACES = ['channel', 'device', 'country', 'language', 'browser', 'operating_system', 'page', 'referrer', 'utm_source', 'utm_medium', 'utm_campaign', 'bot', 'user_kind', 'authenticated'];

export default function Audience() {
  const { texts } = usePreferences();
  const view = useView();
  const nothing = useNothing(view);
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.audience}</h1>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="stack">
          <NumbersCard view={view} title={texts.audience.users} metrics={USERS} large />
          <div className="grid wide">
            <TrendCard view={view} title={texts.audience.newReturning} metrics={COUNT} by="user_kind" order={['returning', 'new']} kind="stack" />
            <TrendCard view={view} title={texts.audience.activeTrend} metrics={ACTIVE_TREND} />
          </div>
          <NumbersCard view={view} title={texts.audience.active} metrics={ACTIVE} />
          <Retention view={view} />
          <Hours view={view} />
          <NumbersCard view={view} title={texts.audience.chats} metrics={CHATS} />
          <div className="grid wide">
            <TrendCard view={view} title={texts.audience.chatTrend} metrics={CHAT_TREND} kind="bar" />
            <TrendCard view={view} title={texts.audience.messages} metrics={TRAFFIC} kind="stack" />
          </div>
          <Where view={view} />
        </div>
      )}
    </>
  );
}

function Where({ view }: { view: View }) {
  const { texts } = usePreferences();
  const chosen = useSearch({ from: '/audience', select: (search) => search.by });
  const navigate = useNavigate();
  const dimensions = useDimensions();
  const offered = PLACES.flatMap((id) => (dimensions.data?.dimensions ?? []).filter((one) => one.id === id));
  const by = PLACES.find((one) => one === chosen) ?? 'channel';
  const choice = (
    <Choice
      label={texts.audience.by}
      value={by}
      options={offered.map((one) => [one.id, one.name] as const)}
      choose={(value) => void navigate({ to: '/audience', search: ((before: object) => ({ ...before, by: value })) as never, resetScroll: false })}
    />
  );
  return (
    <>
      <BarsCard view={view} title={texts.audience.where} hint={texts.audience.whereHint} metrics={SESSIONS} by={by} order={SESSIONS} limit={16} tools={choice} />
      <TableCard view={view} title={texts.audience.whereOutcomes} metrics={WHERE} by={[by]} order="sessions" limit={100} />
    </>
  );
}
