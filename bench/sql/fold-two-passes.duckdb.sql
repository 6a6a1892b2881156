-- The best that we found. Whoever talks for no longer than the time-out in all has one session, whatever
-- the order of the events: such conversations are grouped without a sort. Only the others are read again
-- and go through the window functions.
create or replace temp table whole as
select
    conversation_id,
    any_value(channel) as channel,
    any_value(user_id) as user_id,
    max(ts) - min(ts) as duration,
    count(*) filter (event_type in ('user_message', 'bot_message')) as messages,
    bool_or(topic_kind in (0, 4) or event_type = 'handover') as engaged,
    bool_or(topic_kind = 4 or event_type = 'handover') as escalated,
    bool_or(topic_kind = 5) as ended_well,
    sum(tokens) as tokens,
    arg_max(score, ts) filter (score > 0) as score
from read_parquet('{events}')
group by conversation_id;

with marked as (
    select *, coalesce(ts - lag(ts) over conversation > interval 30 minutes, false) as begins
    from read_parquet('{events}')
    where conversation_id in (select conversation_id from whole where duration > interval 30 minutes)
    window conversation as (partition by conversation_id order by ts)
),
numbered as (
    select *,
        sum(begins::int) over (partition by conversation_id order by ts rows unbounded preceding) as number
    from marked
),
sessions as (
    select
        any_value(channel) as channel,
        any_value(user_id) as user_id,
        max(ts) - min(ts) as duration,
        count(*) filter (event_type in ('user_message', 'bot_message')) as messages,
        bool_or(topic_kind in (0, 4) or event_type = 'handover') as engaged,
        bool_or(topic_kind = 4 or event_type = 'handover') as escalated,
        bool_or(topic_kind = 5) as ended_well,
        sum(tokens) as tokens,
        arg_max(score, ts) filter (score > 0) as score
    from numbered
    group by conversation_id, number
    union all
    select channel, user_id, duration, messages, engaged, escalated, ended_well, tokens, score
    from whole
    where duration <= interval 30 minutes
)
select
    channel,
    count(*) as sessions,
    count(distinct user_id) as users,
    avg(engaged::int) as engagement,
    avg(escalated::int) filter (engaged) as escalation,
    avg((ended_well and not escalated)::int) filter (engaged) as resolution,
    avg(messages) as messages,
    avg(epoch(duration)) as seconds,
    sum(tokens)::bigint as tokens,
    avg(score) as satisfaction
from sessions
group by channel
order by channel;
