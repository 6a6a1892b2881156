/** What is clicked and what is not; what is asked and where people leave. */
import { NumbersCard, TableCard, TrendCard } from '../../components/Cards';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';

const NUMBERS = ['options_shown', 'clicks', 'click_through_rate', 'quick_reply_usage', 'options_not_chosen', 'choice_time_median'];
const REPORT = ['option_report', 'options_not_chosen'];
const UNDERUSED = ['click_through_rate', 'options_shown', 'clicks'];
const TREND = ['click_through_rate'];
const QUESTIONS = ['question_report'];
const TITLED = ['step.option_title is not null'];

export function Clicks({ view }: { view: View }) {
  const { texts } = usePreferences();
  return (
    <>
      <NumbersCard view={view} title={texts.topics.clicks} metrics={NUMBERS} large />
      <TrendCard view={view} title={texts.topics.clickTrend} metrics={TREND} />
      <TableCard view={view} title={texts.topics.options} hint={texts.topics.optionsHint} metrics={REPORT} by={['step.option_title', 'step.option_kind']} filters={TITLED} order="clicks" limit={200} empty={texts.topics.noClicks} />
      <div className="grid wide">
        <TableCard view={view} title={texts.topics.positions} metrics={UNDERUSED} by={['step.option_position']} filters={['step.option_position is not null']} order="step.option_position asc" empty={texts.topics.noClicks} />
        <TableCard
          view={view}
          title={texts.topics.underused}
          hint={texts.topics.underusedHint}
          metrics={UNDERUSED}
          by={['step.option_title', 'step.topic_name']}
          filters={TITLED}
          having={['click_through_rate.upper < 10%', 'options_shown.n >= 20']}
          order="options_shown"
          empty={texts.topics.noUnderused}
        />
      </div>
      <TableCard view={view} title={texts.topics.questions} hint={texts.topics.questionsHint} metrics={QUESTIONS} by={['step.topic_name', 'step.question_name']} filters={['step.kind = question']} order="questions_asked" limit={200} empty={texts.improve.noQuestions} />
    </>
  );
}
