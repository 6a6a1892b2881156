-- The best that we found. Whoever talks for no longer than the time-out in all has one session, whatever
-- the order of the events: such conversations are grouped without a sort. Only the others are read again
-- and go through the window functions.
drop table if exists whole;

create temporary table whole engine = Memory as
select
    conversation_id,
    any(channel) as channel,
    any(user_id) as user_id,
    dateDiff('microsecond', min(ts), max(ts)) as duration,
    countIf(event_type in ('user_message', 'bot_message')) as messages,
    max(topic_kind in (0, 4) or event_type = 'handover') as engaged,
    max(topic_kind = 4 or event_type = 'handover') as escalated,
    max(topic_kind = 5) as ended_well,
    sum(tokens) as tokens,
    argMaxIf(score, ts, score > 0) as score
from file('{events}', Parquet)
group by conversation_id;

with marked as (
    select *, dateDiff('microsecond', lagInFrame(ts, 1, ts) over conversation, ts) > 1800000000 as begins
    from file('{events}', Parquet)
    where conversation_id in (select conversation_id from whole where duration > 1800000000)
    window conversation as (
        partition by conversation_id order by ts rows between unbounded preceding and unbounded following
    )
),
numbered as (
    select *,
        sum(begins) over (partition by conversation_id order by ts rows unbounded preceding) as number
    from marked
),
sessions as (
    select
        any(channel) as channel,
        any(user_id) as user_id,
        dateDiff('microsecond', min(ts), max(ts)) as duration,
        countIf(event_type in ('user_message', 'bot_message')) as messages,
        max(topic_kind in (0, 4) or event_type = 'handover') as engaged,
        max(topic_kind = 4 or event_type = 'handover') as escalated,
        max(topic_kind = 5) as ended_well,
        sum(tokens) as tokens,
        argMaxIf(score, ts, score > 0) as score
    from numbered
    group by conversation_id, number
    union all
    select channel, user_id, duration, messages, engaged, escalated, ended_well, tokens, score
    from whole
    where duration <= 1800000000
)
select
    channel,
    count() as sessions,
    uniqExact(user_id) as users,
    avg(engaged) as engagement,
    avgIf(escalated, engaged) as escalation,
    avgIf(ended_well and not escalated, engaged) as resolution,
    avg(messages) as messages,
    avg(duration) / 1e6 as seconds,
    sum(s.tokens) as tokens,
    avgIf(score, score > 0) as satisfaction
from sessions as s
group by channel
order by channel;
