from django.db import migrations, models

GUARD = """
CREATE FUNCTION audit_refuse_seal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'signature' - 'stamped_at') <> (to_jsonb(OLD) - 'signature' - 'stamped_at')
       OR (OLD.signature IS NOT NULL AND (OLD.stamped_at IS NOT NULL OR NEW.stamped_at IS NULL)) THEN
        RAISE EXCEPTION 'The log is append-only: a seal takes its signature and its timestamp once.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_seal_not_changed BEFORE UPDATE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_seal_change();
CREATE TRIGGER audit_entry_not_emptied BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_leaf_not_emptied BEFORE TRUNCATE ON audit_leaf EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seal_not_emptied BEFORE TRUNCATE ON audit_seal EXECUTE FUNCTION audit_refuse_change();
"""
UNGUARD = """
DROP TRIGGER audit_seal_not_emptied ON audit_seal;
DROP TRIGGER audit_leaf_not_emptied ON audit_leaf;
DROP TRIGGER audit_entry_not_emptied ON audit_entry;
DROP TRIGGER audit_seal_not_changed ON audit_seal;
DROP FUNCTION audit_refuse_seal_change();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seal_stamped_at")]
    operations = [
        migrations.AddField(
            model_name="seal",
            name="version",
            field=models.PositiveSmallIntegerField(default=1, help_text="Which fields the digests cover"),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
