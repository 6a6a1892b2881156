/** What models and tools cost, how fast and how well they answer. */
import { useNavigate, useSearch } from '@tanstack/react-router';

import { BarsCard, NumbersCard, TableCard, TrendCard } from '../../components/Cards';
import { Choice } from '../../components/Choice';
import { Nothing, useNothing } from '../../components/Nothing';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import type { View } from '../../view/view';

const COST = ['model_cost', 'model_cost_per_session', 'model_cost_per_resolved_session', 'model_cost_per_self_service_resolution', 'model_cost_per_response', 'model_cost_per_user', 'model_cost_reported', 'model_cost_priced', 'model_calls_unpriced'];
const TOKENS = ['tokens_in', 'tokens_out', 'tokens_cached', 'tokens_cache_write', 'tokens_reasoning', 'tokens_in_per_session', 'tokens_out_per_session'];
const SPEED = ['model_calls', 'model_latency_distribution', 'time_to_first_token_median', 'time_to_first_token_p90', 'model_error_rate', 'tool_calls', 'tool_latency_median', 'tool_error_rate'];
const COST_TREND = ['model_cost'];
const TOKEN_TREND = ['tokens_in', 'tokens_out', 'tokens_cached'];
const LATENCY_TREND = ['model_latency_median', 'model_latency_p90', 'model_latency_p99'];
const ERROR_TREND = ['model_error_rate', 'tool_error_rate'];
const CALLS = ['model_calls', 'model_cost', 'tokens_in', 'tokens_out', 'model_latency_median', 'model_latency_p90', 'time_to_first_token_median', 'model_error_rate'];
const TOOLS = ['tool_calls', 'tool_latency_median', 'tool_latency_p90', 'tool_latency_p99', 'tool_errors', 'tool_error_rate'];
const ERRORS = ['model_errors', 'tool_errors'];
const QUALITY = ['reviewable_messages', 'positive_feedback', 'negative_feedback', 'feedback_score', 'copy_rate', 'stop_rate', 'regeneration_rate', 'left_after_answer_rate', 'groundedness', 'hallucination_rate'];
const JUDGED = ['judged_answers', 'groundedness', 'hallucination_rate'];
const FINISH = ['model_calls'];

const CUTS = { model: 'step.model', topic: 'step.topic_name', provider: 'step.model_provider', operation: 'step.model_operation', version: 'bot_version', channel: 'channel' } as const;
type Cut = keyof typeof CUTS;

/** Calls of models, without those of tools. */
const MODEL_CALLS = 'step.kind = model_call and step.tool is null';

export default function Models() {
  const { texts } = usePreferences();
  const view = useView();
  const nothing = useNothing(view);
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.ai}</h1>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="stack">
          <NumbersCard view={view} title={texts.ai.cost} metrics={COST} large height={190} />
          <div className="grid wide">
            <TrendCard view={view} title={texts.ai.costTrend} metrics={COST_TREND} by="step.model" filters={[MODEL_CALLS]} kind="stack" />
            <TrendCard view={view} title={texts.ai.tokenTrend} metrics={TOKEN_TREND} />
          </div>
          <NumbersCard view={view} title={texts.ai.tokens} metrics={TOKENS} />
          <Calls view={view} />
          <NumbersCard view={view} title={texts.ai.speed} metrics={SPEED} height={190} />
          <div className="grid wide">
            <TrendCard view={view} title={texts.ai.latencyTrend} metrics={LATENCY_TREND} />
            <TrendCard view={view} title={texts.ai.errorTrend} metrics={ERROR_TREND} />
          </div>
          <TableCard view={view} title={texts.ai.tools} hint={texts.ai.toolsHint} metrics={TOOLS} by={['step.tool']} filters={['step.tool is not null']} order="tool_calls" empty={texts.ai.noTools} />
          <div className="grid wide">
            <BarsCard view={view} title={texts.ai.errors} metrics={ERRORS} by="step.error" filters={['step.error is not null', 'step.kind = model_call']} order={ERRORS} />
            <TableCard view={view} title={texts.ai.finish} metrics={FINISH} by={['step.model', 'step.finish_reason']} filters={[MODEL_CALLS]} order="model_calls" empty={texts.ai.noCalls} />
          </div>
          <NumbersCard view={view} title={texts.ai.quality} hint={texts.ai.qualityHint} metrics={QUALITY} filters={['message.generated']} height={190} />
          <TableCard view={view} title={texts.ai.qualityBy} metrics={QUALITY} by={['message.topic_name']} filters={['message.generated']} order="reviewable_messages" empty={texts.ai.noGenerated} />
          <TableCard view={view} title={texts.ai.judges} hint={texts.ai.judgesHint} metrics={JUDGED} by={['message.grounded_by']} filters={['message.grounded is not null']} order="judged_answers" empty={texts.ai.noJudged} />
        </div>
      )}
    </>
  );
}

function Calls({ view }: { view: View }) {
  const { texts } = usePreferences();
  const chosen = useSearch({ from: '/ai', select: (search) => search.by });
  const navigate = useNavigate();
  const cut = (Object.keys(CUTS) as Cut[]).find((one) => one === chosen) ?? 'model';
  const tools = (
    <Choice
      label={texts.ai.cut}
      value={cut}
      options={(Object.keys(CUTS) as Cut[]).map((one) => [one, texts.ai.cuts[one]] as const)}
      choose={(value) => void navigate({ to: '/ai', search: ((before: object) => ({ ...before, by: value })) as never, resetScroll: false })}
    />
  );
  return <TableCard view={view} title={texts.ai.by} hint={texts.ai.byHint} metrics={CALLS} by={[CUTS[cut]]} filters={[MODEL_CALLS]} order="model_cost" limit={100} tools={tools} empty={texts.ai.noCalls} />;
}
