#!/bin/sh
# What the platform team does once: an AppRole for each service, and the key that invoices are signed with.
set -eu

until vault status >/dev/null 2>&1; do sleep 0.2; done

vault auth list | grep -q '^approle/' || vault auth enable approle
vault secrets list | grep -q '^billing/' || vault secrets enable -path=billing -version=2 kv
vault kv get billing/signing >/dev/null 2>&1 ||
    until head -c 32 /dev/urandom | base64 | tr -d '\n' | vault kv put billing/signing key=-; do sleep 0.2; done

vault policy write billing - <<POLICY
path "billing/data/signing" { capabilities = ["read"] }
POLICY

for role in mailer archiver; do
    vault write "auth/approle/role/$role" token_policies=billing token_ttl="$TOKEN_TTL"
    mkdir -p "/credentials/$role"
    vault read -field=role_id "auth/approle/role/$role/role-id" >"/credentials/$role/role_id"
    vault write -f -field=secret_id "auth/approle/role/$role/secret-id" >"/credentials/$role/secret_id"
done
