CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON pricing_charge
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON pricing_periodterms
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON pricing_pricerule
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON pricing_pricetier
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
CREATE OR REPLACE TRIGGER a_kept_table_is_never_emptied BEFORE TRUNCATE ON pricing_waiver
    FOR EACH STATEMENT EXECUTE FUNCTION a_kept_table_is_never_emptied();
