-- The summary by channel over the stored sessions, with how many different users there were.
select
    channel,
    count(*) as sessions,
    count(engaged_time) / count(*) as engagement,
    count(*) filter (outcome = 'resolved') / nullif(count(engaged_time), 0) as resolution,
    count(*) filter (outcome = 'escalated') / nullif(count(engaged_time), 0) as escalation,
    count(*) filter (outcome = 'abandoned') / nullif(count(engaged_time), 0) as abandonment,
    avg(messages) as messages,
    avg(duration) / 1e6 as seconds,
    avg(csat_score) as satisfaction,
    count(distinct user_key) as users
from read_parquet({sessions}, hive_partitioning = false)
where environment = 'production'
group by channel
order by channel;
