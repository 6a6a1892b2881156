/** What to make better: what users ask in vain, what is not understood, confused, not known, and where they struggle. */
import { NumbersCard, TableCard, TrendCard } from '../../components/Cards';
import { Nothing, useNothing } from '../../components/Nothing';
import { StagesCard } from '../../components/StagesCard';
import { Words } from '../../components/Words';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';

const NUMBERS = ['coverage', 'fallback_rate', 'fallback_session_rate', 'consecutive_fallback_rate', 'ambiguity_rate', 'confusion_rate', 'failed_resolution_rate', 'answer_rate'];
const TREND = ['coverage', 'answer_rate'];
const FALLBACK_TREND = ['fallback_rate', 'ambiguity_rate'];
const VAIN = ['top_intents'];
const INTENTS = ['recognised_messages', 'rephrase_rate', 'repetition_rate'];
const SEQUEL = ['fallback_sequel'];
const FALLBACKS = ['fallback_messages', 'fallback_rate', 'fallback_sequel'];
const CONFUSED = ['messages'];
const KNOWLEDGE = ['knowledge', 'unanswered_questions', 'knowledge_latency'];
const KNOWLEDGE_TREND = ['knowledge_answer_rate', 'knowledge_hit_rate', 'knowledge_failure_rate'];
const SOURCES = ['knowledge_searches', 'knowledge_answer_rate', 'knowledge_citation_rate'];
const FAILED = ['knowledge_searches', 'knowledge_failure_rate'];
const GAPS = ['unanswered_questions', 'knowledge_searches', 'knowledge_answer_rate', 'knowledge_hit_rate'];
const FRICTION = ['implicit_feedback'];
const QUESTIONS = ['questions_asked', 'question_dropoff', 'question_retry_rate', 'question_attempts'];

export default function Improve() {
  const { texts } = usePreferences();
  const view = useView();
  const nothing = useNothing(view);
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.improve}</h1>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="stack">
          <NumbersCard view={view} title={texts.improve.numbers} metrics={NUMBERS} large height={190} />
          <div className="grid wide">
            <TrendCard view={view} title={texts.improve.trend} metrics={TREND} />
            <TrendCard view={view} title={texts.improve.fallbackTrend} metrics={FALLBACK_TREND} />
          </div>
          <TableCard view={view} title={texts.improve.vain} hint={texts.improve.vainHint} metrics={VAIN} by={['last_intent']} filters={['last_intent is not null']} order="unresolved_sessions" empty={texts.improve.noIntents} />
          <div className="grid wide">
            <Words view={view} title={texts.improve.words} hint={texts.improve.wordsHint} of="message.unmatched" empty={texts.improve.noneMissed} />
            <div className="stack">
              <StagesCard view={view} title={texts.improve.sequel} metrics={SEQUEL} />
              <TableCard view={view} title={texts.improve.confusion} hint={texts.improve.confusionHint} metrics={CONFUSED} by={['message.considered_intent', 'message.runner_up_intent']} filters={['message.ambiguous']} order="messages" empty={texts.improve.noConfusion} />
            </div>
          </div>
          <TableCard view={view} title={texts.improve.fallbacks} hint={texts.improve.fallbacksHint} metrics={FALLBACKS} by={['message.topic_name']} filters={['message.must_understand']} order="fallback_messages" empty={texts.improve.noMessages} />
          <TableCard view={view} title={texts.improve.intents} hint={texts.improve.intentsHint} metrics={INTENTS} by={['message.intent']} filters={['message.intent is not null']} order="recognised_messages" limit={200} empty={texts.improve.noIntents} />
          <NumbersCard view={view} title={texts.improve.knowledge} metrics={KNOWLEDGE} />
          <div className="grid wide">
            <TrendCard view={view} title={texts.improve.knowledgeTrend} metrics={KNOWLEDGE_TREND} />
            <TableCard view={view} title={texts.improve.gaps} hint={texts.improve.gapsHint} metrics={GAPS} by={['step.topic_name']} filters={['step.kind = knowledge']} order="unanswered_questions" empty={texts.improve.noSearches} />
          </div>
          <div className="grid wide">
            <TableCard view={view} title={texts.improve.sources} hint={texts.improve.sourcesHint} metrics={SOURCES} by={['step.sources_retrieved']} filters={['step.sources_retrieved is not null']} order="knowledge_searches" empty={texts.improve.noSearches} />
            <TableCard view={view} title={texts.improve.failed} metrics={FAILED} by={['step.sources_failed']} filters={['step.sources_failed is not null']} order="knowledge_searches" empty={texts.improve.noFailed} />
          </div>
          <NumbersCard view={view} title={texts.improve.friction} hint={texts.improve.frictionHint} metrics={FRICTION} />
          <TableCard view={view} title={texts.improve.frictionBy} metrics={FRICTION} by={['message.topic_name']} order="rephrase_rate" limit={100} empty={texts.improve.noMessages} />
          <TableCard view={view} title={texts.improve.questions} metrics={QUESTIONS} by={['step.topic_name', 'step.question_name']} filters={['step.kind = question']} order="question_dropoff" limit={100} empty={texts.improve.noQuestions} />
        </div>
      )}
    </>
  );
}
