-- Roles, where the owner of the schema may make them; elsewhere an administrator grants the same by hand.
-- A writer appends and reads and is a projector too: an append and its projections are one transaction.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['finops_writer', 'finops_projector', 'finops_reader', 'finops_redactor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION
                -- Another database of the same server makes them at this moment.
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO finops_reader, finops_projector, finops_writer, finops_redactor', current_schema());
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO finops_reader', current_schema());
    REVOKE SELECT ON audit_redactable FROM finops_reader;
    GRANT SELECT ON audit_head, audit_log, audit_checkpoint, projection_state, cost_baselines, opportunities,
        savings_verifications, deployments TO finops_projector;
    GRANT INSERT, UPDATE, DELETE ON projection_state, cost_baselines, opportunities, savings_verifications, deployments
        TO finops_projector;
    GRANT SELECT, INSERT ON audit_log, audit_checkpoint, audit_redactable, attested_batches, savings_reports,
        cost_allocation, biz_kpis, dora_metrics TO finops_writer;
    GRANT SELECT, INSERT, UPDATE ON audit_head TO finops_writer;
    GRANT SELECT ON schema_migrations, event_log TO finops_writer;
    GRANT DELETE ON cost_allocation, biz_kpis, dora_metrics TO finops_writer;
    GRANT finops_projector TO finops_writer;
    GRANT SELECT, DELETE ON audit_redactable TO finops_redactor;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'the roles finops_writer, finops_projector, finops_reader and finops_redactor are not made: %', SQLERRM;
END
$$;
