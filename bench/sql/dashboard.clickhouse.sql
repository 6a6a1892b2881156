-- The questions of `dashboard.json`, each under its name. What stands before the first is run once.
set session_timezone = 'UTC';
-- Most rows fulfil the conditions, or little else is read: to read what a condition needs before the rest costs more than it saves.
set optimize_move_to_prewhere = 0;
create view sessions as select * from file({sessions}, Parquet) where environment = 'production';
create view messages as select * from file({messages}, Parquet) where environment = 'production';
create view steps as select * from file({steps}, Parquet) where environment = 'production';

-- question: card_sessions
select
    countIf(start_time >= toDateTime64('2026-02-15', 6)),
    countIf(start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_engagement
select
    avgIf(engaged_time is not null, start_time >= toDateTime64('2026-02-15', 6)),
    avgIf(engaged_time is not null, start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_resolution
select
    countIf(outcome = 'resolved' and start_time >= toDateTime64('2026-02-15', 6)) / countIf(start_time >= toDateTime64('2026-02-15', 6)),
    countIf(outcome = 'resolved' and start_time < toDateTime64('2026-02-15', 6)) / countIf(start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null;

-- question: card_escalation
select
    countIf(outcome = 'escalated' and start_time >= toDateTime64('2026-02-15', 6)) / countIf(start_time >= toDateTime64('2026-02-15', 6)),
    countIf(outcome = 'escalated' and start_time < toDateTime64('2026-02-15', 6)) / countIf(start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null;

-- question: card_abandon
select
    countIf(outcome = 'abandoned' and start_time >= toDateTime64('2026-02-15', 6)) / countIf(start_time >= toDateTime64('2026-02-15', 6)),
    countIf(outcome = 'abandoned' and start_time < toDateTime64('2026-02-15', 6)) / countIf(start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null;

-- question: card_users
select
    uniqExactIf(user_key, start_time >= toDateTime64('2026-02-15', 6)),
    uniqExactIf(user_key, start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_length
select
    avgIf(duration, start_time >= toDateTime64('2026-02-15', 6)) / 1e6,
    avgIf(duration, start_time < toDateTime64('2026-02-15', 6)) / 1e6,
    avgIf(messages, start_time >= toDateTime64('2026-02-15', 6)),
    avgIf(messages, start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_length_median
select
    quantileExactLowIf(0.5)(duration, start_time >= toDateTime64('2026-02-15', 6)) / 1e6,
    quantileExactLowIf(0.5)(duration, start_time < toDateTime64('2026-02-15', 6)) / 1e6
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_satisfaction
select
    avgIf(csat_score, start_time >= toDateTime64('2026-02-15', 6)),
    avgIf(csat_score, start_time < toDateTime64('2026-02-15', 6)),
    avgIf(csat_score is not null, csat_offered and surveys_offered > 0 and start_time >= toDateTime64('2026-02-15', 6)),
    avgIf(csat_score is not null, csat_offered and surveys_offered > 0 and start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_handover
select
    avgIf(handover_requests > 0, start_time >= toDateTime64('2026-02-15', 6)),
    avgIf(handover_requests > 0, start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6);

-- question: card_containment
select
    countIf(outcome is distinct from 'escalated' and accepted_time is null and agent_messages = 0 and start_time >= toDateTime64('2026-02-15', 6)) / countIf(start_time >= toDateTime64('2026-02-15', 6)),
    countIf(outcome is distinct from 'escalated' and accepted_time is null and agent_messages = 0 and start_time < toDateTime64('2026-02-15', 6)) / countIf(start_time < toDateTime64('2026-02-15', 6))
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null;

-- question: card_messages
select
    countIf(role in ('user', 'bot', 'agent') and time >= toDateTime64('2026-02-15', 6)),
    countIf(role in ('user', 'bot', 'agent') and time < toDateTime64('2026-02-15', 6)),
    countIf(role = 'user' and time >= toDateTime64('2026-02-15', 6)),
    countIf(role = 'user' and time < toDateTime64('2026-02-15', 6))
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6);

-- question: card_fallback
select
    avgIf(unmatched, must_understand and time >= toDateTime64('2026-02-15', 6)),
    avgIf(unmatched, must_understand and time < toDateTime64('2026-02-15', 6))
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6);

-- question: card_response_time
select
    avgIf(response_time, role = 'bot' and time >= toDateTime64('2026-02-15', 6)) / 1e6,
    avgIf(response_time, role = 'bot' and time < toDateTime64('2026-02-15', 6)) / 1e6
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6);

-- question: card_active_users
select
    uniqExactIf(user_key, role = 'user' and time >= toDateTime64('2026-02-15', 6)),
    uniqExactIf(user_key, role = 'user' and time < toDateTime64('2026-02-15', 6))
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6);

-- question: card_clicks
select
    countIf(option_stage = 'chosen' and time >= toDateTime64('2026-02-15', 6)),
    countIf(option_stage = 'chosen' and time < toDateTime64('2026-02-15', 6))
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6);

-- question: card_tokens
select
    sumIf(tokens_input, time >= toDateTime64('2026-02-15', 6)),
    sumIf(tokens_input, time < toDateTime64('2026-02-15', 6)),
    sumIf(tokens_output, time >= toDateTime64('2026-02-15', 6)),
    sumIf(tokens_output, time < toDateTime64('2026-02-15', 6))
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6);

-- question: day_sessions
select
    toDate(start_time),
    count(),
    count(engaged_time)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: day_rates
select
    toDate(start_time),
    count(engaged_time) / count(),
    countIf(outcome = 'resolved' and engaged_time is not null) / count(engaged_time),
    countIf(outcome = 'escalated' and engaged_time is not null) / count(engaged_time),
    countIf(outcome = 'abandoned' and engaged_time is not null) / count(engaged_time)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: day_users
select
    toDate(start_time),
    uniqExact(user_key)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: day_satisfaction
select
    toDate(start_time),
    avg(csat_score),
    count(csat_score)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1
having count(csat_score) > 0;

-- question: day_channel
select
    toDate(start_time),
    channel,
    count()
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1, 2;

-- question: day_messages
select
    toDate(time),
    countIf(role in ('user', 'bot', 'agent')),
    countIf(role = 'user'),
    countIf(role = 'bot')
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: day_fallback
select
    toDate(time),
    avgIf(unmatched, must_understand)
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: day_clicks
select
    toDate(time),
    countIf(option_stage = 'chosen'),
    countIf(option_stage = 'shown')
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: day_tokens
select
    toDate(time),
    ifNull(sum(tokens_input), 0),
    ifNull(sum(tokens_output), 0),
    countIf(step_kind = 'model_call' and tool is null)
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: week_active_users
select
    toStartOfWeek(time, 1),
    uniqExactIf(user_key, role = 'user')
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: by_channel
select
    channel,
    count(),
    count(engaged_time) / count(),
    countIf(outcome = 'resolved' and engaged_time is not null) / count(engaged_time),
    countIf(outcome = 'escalated' and engaged_time is not null) / count(engaged_time),
    countIf(outcome = 'abandoned' and engaged_time is not null) / count(engaged_time),
    avg(csat_score),
    avg(duration) / 1e6
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: by_version
select
    bot,
    bot_version,
    count(),
    count(engaged_time) / count(),
    countIf(outcome = 'resolved' and engaged_time is not null) / count(engaged_time),
    countIf(outcome = 'escalated' and engaged_time is not null) / count(engaged_time),
    countIf(outcome = 'abandoned' and engaged_time is not null) / count(engaged_time)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1, 2;

-- question: by_device
select
    device,
    count(),
    uniqExact(user_key)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: by_country
select
    country,
    count(),
    countIf(outcome = 'resolved' and engaged_time is not null) / count(engaged_time)
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: by_outcome
select
    outcome,
    count()
from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6)
group by 1;

-- question: topics
select
    topic_id,
    count(),
    countIf(visit_end = 'completed') / count(),
    countIf(visit_end = 'escalated') / count(),
    countIf(visit_end = 'abandoned') / count()
from steps where session_start >= toDateTime64('2026-01-01', 6) and session_start < toDateTime64('2026-04-01', 6)
    and step_kind = 'topic'
group by 1;

-- question: topic_sessions
-- A session has few topics: to gather them by session is quicker than to count sessions by topic.
select nullIf(topic, ''), count()
from (
    select arrayJoin(groupUniqArray(ifNull(topic_id, ''))) as topic
    from steps where session_start >= toDateTime64('2026-01-01', 6) and session_start < toDateTime64('2026-04-01', 6)
        and step_kind = 'topic'
    group by session_id
)
group by topic;

-- question: heat_map
select
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'][toDayOfWeek(hour)],
    leftPad(toString(toHour(hour)), 2, '0'),
    sum(messages)
from (
    select toStartOfHour(time) as hour, countIf(role in ('user', 'bot', 'agent')) as messages
    from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
    group by 1
)
group by 1, 2;

-- question: clicks
select
    option_title,
    count()
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
    and option_stage = 'chosen'
group by 1;

-- question: click_through
select
    option_kind,
    countIf(option_chosen) / count()
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
    and option_stage = 'shown'
group by 1;

-- question: questions
select
    question_name,
    count(),
    countIf(question_result = 'left') / count()
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
    and question_stage in ('asked', 'asked_again') and question_attempts is not null
group by 1;

-- question: handover_triggers
select
    handover_trigger,
    count()
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
    and handover_stage = 'requested'
group by 1;

-- question: models
select
    model,
    countIf(step_kind = 'model_call' and tool is null) as calls,
    avgIf(latency, step_kind = 'model_call' and tool is null) / 1e6
from steps where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
group by 1
having calls > 0;

-- question: fallback_topics
select
    topic_id,
    count()
from messages where time >= toDateTime64('2026-01-01', 6) and time < toDateTime64('2026-04-01', 6)
    and unmatched
group by 1;

-- question: drivers_resolution
select topic_id, good / total, sum(good) over () / sum(total) over () - (sum(good) over () - good) / (sum(total) over () - total)
from (
    select topic_id, countIf(outcome = 'resolved') as good, count() as total
    from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null
    group by 1
);

-- question: drivers_escalation
select topic_id, good / total, sum(good) over () / sum(total) over () - (sum(good) over () - good) / (sum(total) over () - total)
from (
    select topic_id, countIf(outcome = 'escalated') as good, count() as total
    from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null
    group by 1
);

-- question: drivers_satisfaction
select topic_id, points / votes, sum(points) over () / sum(votes) over () - (sum(points) over () - points) / (sum(votes) over () - votes)
from (
    select topic_id, sum(csat_score) as points, count() as votes
    from sessions where start_time >= toDateTime64('2026-01-01', 6) and start_time < toDateTime64('2026-04-01', 6) and engaged_time is not null
        and csat_score is not null
    group by 1
);

-- question: retention
-- The weeks in which a user came are the bits of a number: enough for a year of sessions.
select
    toDate(cohort * 7 - 3),
    count(),
    countIf(bitTest(weeks, (cohort + 1) % 64)),
    countIf(bitTest(weeks, (cohort + 2) % 64)),
    countIf(bitTest(weeks, (cohort + 3) % 64)),
    countIf(bitTest(weeks, (cohort + 4) % 64))
from (
    select
        intDiv(toUnixTimestamp64Micro(min(start_time)) + 259200000000, 604800000000) as cohort,
        groupBitOrIf(bitShiftLeft(toUInt64(1), intDiv(toUnixTimestamp64Micro(start_time) + 259200000000, 604800000000) % 64), first_user_time is not null) as weeks
    from sessions where not unlinkable
    group by user_key
)
group by cohort;

-- question: paths
select arrayStringConcat(arrayMap(step -> step.3, arraySlice(arraySort(steps), 1, 3)), ' > '), count()
from (
    select groupArray((time, position, assumeNotNull(topic_id))) as steps
    from steps where session_start >= toDateTime64('2026-01-01', 6) and session_start < toDateTime64('2026-04-01', 6)
        and step_kind = 'topic' and topic_id is not null
    group by session_id
)
group by 1
order by 2 desc
limit 10;
