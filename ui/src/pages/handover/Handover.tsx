/** How often people are needed, why, how long users wait, and who serves them. */
import { BarsCard, NumbersCard, TableCard, TrendCard } from '../../components/Cards';
import { Nothing, useNothing } from '../../components/Nothing';
import { StagesCard } from '../../components/StagesCard';
import { Words } from '../../components/Words';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';

const NUMBERS = ['handover_session_rate', 'handover_sessions', 'containment_rate', 'self_service_resolution_rate', 'handover_rate', 'handover_requests', 'context_passed_rate', 'ticket_requests'];
const NOW = ['live'];
const TREND = ['handover_session_rate'];
const REQUESTS = ['handover_requests'];
const FUNNEL = ['handover_funnel'];
const FAILURES = ['handover_failures'];
const TRIGGERS = ['handover_sessions', 'handover_refused_rate', 'queue_abandon_rate', 'handover_unavailable_rate', 'csat_score', 'session_duration_median'];
const WAITING = ['waiting_time_distribution', 'waiting_time_served', 'queue_abandon_rate'];
const WAITING_TREND = ['waiting_time_median', 'waiting_time_p90'];
const QUEUES = ['handover_sessions', 'waiting_time_median', 'waiting_time_p90', 'queue_abandon_rate'];
const LEFT = ['messages_before_handover'];
const AGENTS = ['agent_report'];
const RESPONSES = ['agent_first_response_distribution', 'agent_response_time_distribution', 'agent_handle_time_distribution', 'agent_messages'];

export default function Handover() {
  const { texts } = usePreferences();
  const view = useView();
  const nothing = useNothing(view);
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.handover}</h1>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="stack">
          <NumbersCard view={view} title={texts.handover.numbers} metrics={NUMBERS} large height={190} />
          <div className="grid wide">
            <TrendCard view={view} title={texts.handover.trend} metrics={TREND} />
            <TrendCard view={view} title={texts.handover.requests} metrics={REQUESTS} by="step.handover_trigger" filters={['step.handover_stage = requested']} kind="stack" />
          </div>
          <div className="grid wide">
            <StagesCard view={view} title={texts.handover.funnel} hint={texts.handover.funnelHint} metrics={FUNNEL} />
            <StagesCard view={view} title={texts.handover.failures} hint={texts.handover.funnelHint} metrics={FAILURES} bad />
          </div>
          <TableCard view={view} title={texts.handover.triggers} hint={texts.handover.triggersHint} metrics={TRIGGERS} by={['handover_trigger']} filters={['handover_trigger is not null']} order="handover_sessions" empty={texts.handover.none} />
          <div className="grid wide">
            <NumbersCard view={view} title={texts.handover.waiting} metrics={WAITING} />
            <NumbersCard view={{ ...view, compare: 'none' }} title={texts.handover.now} hint={texts.handover.nowHint} metrics={NOW} />
          </div>
          <div className="grid wide">
            <TrendCard view={view} title={texts.handover.waitingTrend} metrics={WAITING_TREND} />
            <TableCard view={view} title={texts.handover.queues} metrics={QUEUES} by={['queue']} filters={['queue is not null']} order="waiting_time_p90" empty={texts.handover.noQueues} />
          </div>
          <Words view={view} title={texts.handover.words} hint={texts.handover.wordsHint} of="message.last_before_handover" empty={texts.handover.none} />
          <div className="grid wide">
            <BarsCard view={view} title={texts.handover.left} hint={texts.handover.leftHint} metrics={LEFT} by="message.intent" filters={['message.last_before_handover']} order={LEFT} />
            <TableCard view={view} title={texts.handover.leftTopics} metrics={LEFT} by={['message.topic_name', 'message.intent']} filters={['message.last_before_handover']} order="messages_before_handover" empty={texts.handover.none} />
          </div>
          <NumbersCard view={view} title={texts.handover.responses} metrics={RESPONSES} height={190} />
          <TableCard view={view} title={texts.handover.skills} metrics={AGENTS} by={['step.skill']} filters={['step.kind = agent']} order="agent_parts" empty={texts.handover.noAgents} />
          <TableCard view={view} title={texts.handover.agents} hint={texts.handover.agentsHint} metrics={AGENTS} by={['step.agent', 'step.skill']} filters={['step.kind = agent']} order="agent_parts" limit={200} empty={texts.handover.noAgents} />
        </div>
      )}
    </>
  );
}
