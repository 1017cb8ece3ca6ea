-- name: open
-- Unpaid invoices the caller may see, the longest overdue first.
select i.invoice_id, i.customer_id, c.name as customer, i.project_id, p.name as project, i.issued_on, i.due_on,
  i.amount, i.currency
from firm.invoice i join firm.project p using (project_id) left join firm.client c on c.client_id = i.customer_id
where i.paid_on is null
  and (%(client_id)s::text is null or i.customer_id = %(client_id)s)
  and (%(project_id)s::text is null or i.project_id = %(project_id)s)
  and (%(invoice_id)s::text is null or i.invoice_id = %(invoice_id)s)
order by i.due_on, i.invoice_id limit %(limit)s;

-- name: history
-- Every invoice, as the invoice model is fitted on them.
select invoice_id, customer_id, issued_on, due_on, amount, currency, paid_on from firm.invoice
order by issued_on, invoice_id;

-- name: habits
-- How each customer paid in the last two years, among visible invoices: how many, the mean days from issue and
-- past the due date, and the days that 9 of 10 payments lie between. A row without customer is for all of them.
select customer_id, count(*) as paid, avg(paid_on - issued_on)::float as mean_days,
  avg(paid_on - due_on)::float as mean_late,
  percentile_cont(0.05) within group (order by paid_on - issued_on) as days_low,
  percentile_cont(0.95) within group (order by paid_on - issued_on) as days_high
from firm.invoice
where paid_on is not null and issued_on > %(today)s::date - 730
group by grouping sets ((customer_id), ())
having customer_id = any (%(customers)s) or grouping(customer_id) = 1;

-- name: reminders
-- Reminders already sent for an invoice.
select record_id, recorded_at from firm.system_record
where kind = 'send_reminder' and body ->> 'invoice_id' = %(invoice_id)s order by recorded_at desc;

-- name: unapproved_time
-- Time of projects in a period that is not approved yet, with what it would bill in each person's currency.
select project_id, state, count(*) as entries, sum(minutes)::integer as minutes,
  sum(minutes / 60.0 * r.bill_rate) as amount, r.currency
from firm.time_entry t join app.work_rates(array(select person_id from firm.person)) r using (person_id)
where t.project_id = any (%(projects)s) and t.started_at >= %(starts_on)s and t.started_at < %(ends_on)s::date + 1
  and t.state <> 'approved'
group by project_id, state, r.currency order by project_id, state;

-- name: billing
-- What was billed on projects so far, beside their budgets and contracts.
select p.project_id, p.budget_amount, p.currency, c.contract_id, c.kind as contract_kind, c.value as contract_value,
  c.currency as contract_currency, c.ends_on as contract_ends_on,
  coalesce(sum(i.amount) filter (where i.currency = p.currency), 0) as billed, count(i.invoice_id) as invoices
from firm.project p left join firm.contract c using (contract_id) left join firm.invoice i using (project_id)
where p.project_id = any (%(projects)s)
group by p.project_id, c.contract_id;

-- name: pending_change_orders
-- Change orders of projects that are proposed and not decided.
select project_id, proposal_id, title from workflow.proposal
where project_id = any (%(projects)s) and action_kind = 'create_change_order' and state = 'pending';

-- name: worked_projects
-- Visible projects that were worked on in a period: hours, approved hours, what those bill in each person's currency,
-- and what was invoiced since the period began.
select p.project_id, p.name, p.practice, p.currency, sum(t.hours)::float8 as hours,
  coalesce(sum(t.hours) filter (where t.approved), 0)::float8 as approved_hours,
  sum(t.amount) filter (where t.approved) as amount, t.currency as amount_currency,
  coalesce((select sum(i.amount) from firm.invoice i where i.project_id = p.project_id and i.currency = p.currency
    and i.issued_on >= %(starts_on)s), 0) as invoiced
from firm.project p join (
  select t.project_id, t.state = 'approved' as approved, r.currency, sum(t.minutes) / 60.0 as hours,
    sum(t.minutes / 60.0 * r.bill_rate) as amount
  from firm.time_entry t left join app.work_rates(array(select person_id from firm.person)) r using (person_id)
  where t.started_at >= %(starts_on)s and t.started_at < %(ends_on)s::date + 1 and t.state <> 'returned'
  group by 1, 2, 3) t using (project_id)
where %(practice)s::text is null or p.practice = %(practice)s
group by p.project_id, t.currency order by p.practice, p.project_id;
