-- The questions of `dashboard.json`, each under its name. What stands before the first is run once.
set timezone = 'UTC';
set parquet_metadata_cache = true;
create view sessions as select * from read_parquet({sessions}, hive_partitioning = false) where environment = 'production';
create view messages as select * from read_parquet({messages}, hive_partitioning = false) where environment = 'production';
create view steps as select * from read_parquet({steps}, hive_partitioning = false) where environment = 'production';

-- question: card_sessions
select
    count(*) filter (start_time >= timestamptz '2026-02-15'),
    count(*) filter (start_time < timestamptz '2026-02-15')
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_engagement
select
    count(*) filter (engaged_time is not null and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (engaged_time is not null and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_resolution
select
    count(*) filter (outcome = 'resolved' and engaged_time is not null and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (outcome = 'resolved' and engaged_time is not null and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_escalation
select
    count(*) filter (outcome = 'escalated' and engaged_time is not null and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (outcome = 'escalated' and engaged_time is not null and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_abandon
select
    count(*) filter (outcome = 'abandoned' and engaged_time is not null and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (outcome = 'abandoned' and engaged_time is not null and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_users
select
    count(distinct user_key) filter (start_time >= timestamptz '2026-02-15'),
    count(distinct user_key) filter (start_time < timestamptz '2026-02-15')
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_length
select
    avg(duration) filter (start_time >= timestamptz '2026-02-15') / 1e6,
    avg(duration) filter (start_time < timestamptz '2026-02-15') / 1e6,
    avg(messages) filter (start_time >= timestamptz '2026-02-15'),
    avg(messages) filter (start_time < timestamptz '2026-02-15')
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_length_median
select
    quantile_disc(duration, 0.5) filter (start_time >= timestamptz '2026-02-15') / 1e6,
    quantile_disc(duration, 0.5) filter (start_time < timestamptz '2026-02-15') / 1e6
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_satisfaction
select
    avg(csat_score) filter (start_time >= timestamptz '2026-02-15'),
    avg(csat_score) filter (start_time < timestamptz '2026-02-15'),
    count(*) filter (csat_score is not null and csat_offered and surveys_offered > 0 and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (csat_offered and surveys_offered > 0 and start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (csat_score is not null and csat_offered and surveys_offered > 0 and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (csat_offered and surveys_offered > 0 and start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_handover
select
    count(*) filter (handover_requests > 0 and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (handover_requests > 0 and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_containment
select
    count(*) filter (outcome is distinct from 'escalated' and accepted_time is null and agent_messages = 0 and engaged_time is not null and start_time >= timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time >= timestamptz '2026-02-15'), 0),
    count(*) filter (outcome is distinct from 'escalated' and accepted_time is null and agent_messages = 0 and engaged_time is not null and start_time < timestamptz '2026-02-15') / nullif(count(*) filter (engaged_time is not null and start_time < timestamptz '2026-02-15'), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01';

-- question: card_messages
select
    count(*) filter (role in ('user', 'bot', 'agent') and time >= timestamptz '2026-02-15'),
    count(*) filter (role in ('user', 'bot', 'agent') and time < timestamptz '2026-02-15'),
    count(*) filter (role = 'user' and time >= timestamptz '2026-02-15'),
    count(*) filter (role = 'user' and time < timestamptz '2026-02-15')
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01';

-- question: card_fallback
select
    count(*) filter (unmatched and must_understand and time >= timestamptz '2026-02-15') / nullif(count(*) filter (must_understand and time >= timestamptz '2026-02-15'), 0),
    count(*) filter (unmatched and must_understand and time < timestamptz '2026-02-15') / nullif(count(*) filter (must_understand and time < timestamptz '2026-02-15'), 0)
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01';

-- question: card_response_time
select
    avg(response_time) filter (role = 'bot' and time >= timestamptz '2026-02-15') / 1e6,
    avg(response_time) filter (role = 'bot' and time < timestamptz '2026-02-15') / 1e6
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01';

-- question: card_active_users
select
    count(distinct user_key) filter (role = 'user' and time >= timestamptz '2026-02-15'),
    count(distinct user_key) filter (role = 'user' and time < timestamptz '2026-02-15')
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01';

-- question: card_clicks
select
    count(*) filter (option_stage = 'chosen' and time >= timestamptz '2026-02-15'),
    count(*) filter (option_stage = 'chosen' and time < timestamptz '2026-02-15')
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01';

-- question: card_tokens
select
    sum(tokens_input) filter (time >= timestamptz '2026-02-15')::bigint,
    sum(tokens_input) filter (time < timestamptz '2026-02-15')::bigint,
    sum(tokens_output) filter (time >= timestamptz '2026-02-15')::bigint,
    sum(tokens_output) filter (time < timestamptz '2026-02-15')::bigint
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01';

-- question: day_sessions
select
    strftime(make_timestamp((epoch_us(start_time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    count(*),
    count(engaged_time)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by epoch_us(start_time) // 86400000000;

-- question: day_rates
select
    strftime(make_timestamp((epoch_us(start_time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    count(engaged_time) / count(*),
    count(*) filter (outcome = 'resolved' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    count(*) filter (outcome = 'escalated' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    count(*) filter (outcome = 'abandoned' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by epoch_us(start_time) // 86400000000;

-- question: day_users
select
    strftime(make_timestamp((epoch_us(start_time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    count(distinct user_key)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by epoch_us(start_time) // 86400000000;

-- question: day_satisfaction
select
    strftime(make_timestamp((epoch_us(start_time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    avg(csat_score),
    count(csat_score)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by epoch_us(start_time) // 86400000000
having count(csat_score) > 0;

-- question: day_channel
select
    strftime(make_timestamp((epoch_us(start_time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    channel,
    count(*)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by epoch_us(start_time) // 86400000000, channel;

-- question: day_messages
select
    strftime(make_timestamp((epoch_us(time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    count(*) filter (role in ('user', 'bot', 'agent')),
    count(*) filter (role = 'user'),
    count(*) filter (role = 'bot')
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
group by epoch_us(time) // 86400000000;

-- question: day_fallback
select
    strftime(make_timestamp((epoch_us(time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    count(*) filter (unmatched and must_understand) / nullif(count(*) filter (must_understand), 0)
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
group by epoch_us(time) // 86400000000;

-- question: day_clicks
select
    strftime(make_timestamp((epoch_us(time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    count(*) filter (option_stage = 'chosen'),
    count(*) filter (option_stage = 'shown')
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
group by epoch_us(time) // 86400000000;

-- question: day_tokens
select
    strftime(make_timestamp((epoch_us(time) // 86400000000) * 86400000000), '%Y-%m-%d'),
    coalesce(sum(tokens_input), 0)::bigint,
    coalesce(sum(tokens_output), 0)::bigint,
    count(*) filter (step_kind = 'model_call' and tool is null)
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
group by epoch_us(time) // 86400000000;

-- question: week_active_users
select
    strftime(make_timestamp(((epoch_us(time) // 86400000000 + 3) // 7 * 7 - 3) * 86400000000), '%Y-%m-%d'),
    count(distinct user_key) filter (role = 'user')
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
group by (epoch_us(time) // 86400000000 + 3) // 7;

-- question: by_channel
select
    channel,
    count(*),
    count(engaged_time) / count(*),
    count(*) filter (outcome = 'resolved' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    count(*) filter (outcome = 'escalated' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    count(*) filter (outcome = 'abandoned' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    avg(csat_score),
    avg(duration) / 1e6
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by 1;

-- question: by_version
select
    bot,
    bot_version,
    count(*),
    count(engaged_time) / count(*),
    count(*) filter (outcome = 'resolved' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    count(*) filter (outcome = 'escalated' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0),
    count(*) filter (outcome = 'abandoned' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by 1, 2;

-- question: by_device
select
    device,
    count(*),
    count(distinct user_key)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by 1;

-- question: by_country
select
    country,
    count(*),
    count(*) filter (outcome = 'resolved' and engaged_time is not null) / nullif(count(*) filter (engaged_time is not null), 0)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by 1;

-- question: by_outcome
select
    outcome,
    count(*)
from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01'
group by 1;

-- question: topics
select
    topic_id,
    count(*),
    count(*) filter (visit_end = 'completed') / count(*),
    count(*) filter (visit_end = 'escalated') / count(*),
    count(*) filter (visit_end = 'abandoned') / count(*)
from steps where session_start >= timestamptz '2026-01-01' and session_start < timestamptz '2026-04-01'
    and step_kind = 'topic'
group by 1;

-- question: topic_sessions
select
    topic_id,
    count(distinct session_id)
from steps where session_start >= timestamptz '2026-01-01' and session_start < timestamptz '2026-04-01'
    and step_kind = 'topic'
group by 1;

-- question: heat_map
select
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'][(epoch_us(time) // 86400000000 + 3) % 7 + 1],
    lpad((epoch_us(time) // 3600000000 % 24)::text, 2, '0'),
    count(*) filter (role in ('user', 'bot', 'agent'))
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
group by (epoch_us(time) // 86400000000 + 3) % 7, epoch_us(time) // 3600000000 % 24;

-- question: clicks
select
    option_title,
    count(*)
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
    and option_stage = 'chosen'
group by 1;

-- question: click_through
select
    option_kind,
    count(*) filter (option_chosen) / count(*)
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
    and option_stage = 'shown'
group by 1;

-- question: questions
select
    question_name,
    count(*),
    count(*) filter (question_result = 'left') / count(*)
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
    and question_stage in ('asked', 'asked_again') and question_attempts is not null
group by 1;

-- question: handover_triggers
select
    handover_trigger,
    count(*)
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
    and handover_stage = 'requested'
group by 1;

-- question: models
select
    model,
    count(*),
    avg(latency) / 1e6
from steps where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
    and step_kind = 'model_call' and tool is null
group by 1;

-- question: fallback_topics
select
    topic_id,
    count(*)
from messages where time >= timestamptz '2026-01-01' and time < timestamptz '2026-04-01'
    and unmatched
group by 1;

-- question: drivers_resolution
with topic as (
    select topic_id, count(*) filter (outcome = 'resolved') as good, count(*) as total
    from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01' and engaged_time is not null group by topic_id
),
whole as (select sum(good) as good, sum(total) as total from topic)
select topic_id, topic.good / topic.total, whole.good / whole.total - (whole.good - topic.good) / nullif(whole.total - topic.total, 0)
from topic, whole;

-- question: drivers_escalation
with topic as (
    select topic_id, count(*) filter (outcome = 'escalated') as good, count(*) as total
    from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01' and engaged_time is not null group by topic_id
),
whole as (select sum(good) as good, sum(total) as total from topic)
select topic_id, topic.good / topic.total, whole.good / whole.total - (whole.good - topic.good) / nullif(whole.total - topic.total, 0)
from topic, whole;

-- question: drivers_satisfaction
with topic as (
    select topic_id, sum(csat_score) as points, count(csat_score) as votes
    from sessions where start_time >= timestamptz '2026-01-01' and start_time < timestamptz '2026-04-01' and engaged_time is not null and csat_score is not null group by topic_id
),
whole as (select sum(points) as points, sum(votes) as votes from topic)
select topic_id, topic.points / topic.votes, whole.points / whole.votes - (whole.points - topic.points) / nullif(whole.votes - topic.votes, 0)
from topic, whole;

-- question: retention
with first as (
    select user_key, (epoch_us(min(start_time)) // 86400000000 + 3) // 7 as cohort
    from sessions where not unlinkable group by user_key
),
back as (
    select distinct user_key, (epoch_us(start_time) // 86400000000 + 3) // 7 as week
    from sessions where not unlinkable and first_user_time is not null
),
counted as (
    select cohort, week - cohort as period, count(*) as users
    from first join back using (user_key) where week > cohort group by all
),
sizes as (select cohort, count(*) as users from first group by cohort)
select strftime(make_timestamp((sizes.cohort * 7 - 3) * 86400000000), '%Y-%m-%d'), any_value(sizes.users),
    coalesce(sum(counted.users) filter (period = 1), 0)::bigint, coalesce(sum(counted.users) filter (period = 2), 0)::bigint,
    coalesce(sum(counted.users) filter (period = 3), 0)::bigint, coalesce(sum(counted.users) filter (period = 4), 0)::bigint
from sizes left join counted using (cohort) group by sizes.cohort;

-- question: paths
with path as (
    select session_id, list(topic_id order by time, position)[1:3] as steps
    from steps where step_kind = 'topic' and topic_id is not null and session_start >= timestamptz '2026-01-01' and session_start < timestamptz '2026-04-01'
    group by session_id
)
select array_to_string(steps, ' > '), count(*) from path group by 1 order by 2 desc limit 10;
