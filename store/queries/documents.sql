-- name: contract
-- The text of a contract, where the caller may see it.
select text from firm.contract_document where contract_id = %(id)s;

-- name: status_report
-- The text of a status report, where the caller may see it.
select text from firm.status_report where report_id = %(id)s;
