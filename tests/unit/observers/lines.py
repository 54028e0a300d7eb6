"""Lines as Vault 1.21 and the lab's services really wrote them, shortened where nothing is read from."""

from __future__ import annotations

LOGIN = (
    '{"auth":{"accessor":"V6cuDhXYd6v6Yg3YIIktjDoU","client_token":"hmac-sha256:aa96","display_name":"approle",'
    '"entity_created":true,"metadata":{"role_name":"orders-never-relogs"},"policies":["default","orders"],'
    '"token_ttl":6,"token_type":"service"},"request":{"data":{"role_id":"hmac-sha256:c501",'
    '"secret_id":"hmac-sha256:2f03"},"mount_point":"auth/approle/","mount_type":"approle","operation":"update",'
    '"path":"auth/approle/login","remote_address":"172.28.0.7","remote_port":34028},"response":{"auth":'
    '{"accessor":"V6cuDhXYd6v6Yg3YIIktjDoU","client_token":"hmac-sha256:aa96","display_name":"approle","metadata":'
    '{"role_name":"orders-never-relogs"},"token_ttl":6},"mount_type":"approle"},"time":"2026-11-22T11:40:43.503799589Z",'
    '"type":"response"}'
)
CERT_LOGIN = (
    '{"auth":{"accessor":"i0XJ3ToRZcp6Q6yWTlTcB0Fk","client_token":"hmac-sha256:c2a1","display_name":"cert-billing",'
    '"metadata":{"authority_key_id":"f3:af:2f","cert_name":"billing","common_name":"billing","serial_number":"1383"},'
    '"policies":["billing","default"],"token_ttl":4,"token_type":"service"},"request":{"data":{"name":"hmac-sha256:50"},'
    '"mount_point":"auth/cert/","mount_type":"cert","operation":"update","path":"auth/cert/login","remote_address":'
    '"172.31.0.1","remote_port":39134},"response":{"auth":{"accessor":"i0XJ3ToRZcp6Q6yWTlTcB0Fk"}},'
    '"time":"2026-11-25T03:00:11.71512243Z","type":"response"}'
)
LOGIN_ASKED = (
    '{"auth":{"policy_results":{"allowed":true},"token_type":"default"},"request":{"data":{"role_id":'
    '"hmac-sha256:08f7","secret_id":"hmac-sha256:fb01"},"operation":"update","path":"auth/approle/login",'
    '"remote_address":"172.28.0.9","remote_port":33566},"time":"2026-11-22T11:40:43.745495095Z","type":"request"}'
)
LOGIN_REFUSED = (
    '{"error":"invalid credentials","request":{"data":{"role_id":"hmac-sha256:71a6","secret_id":"hmac-sha256:a1ce"},'
    '"operation":"update","path":"auth/approle/login","remote_address":"172.28.0.7","remote_port":53680},"response":'
    '{"data":{"error":"hmac-sha256:eb2b"},"mount_type":"approle"},"time":"2026-11-22T11:49:03.923820025Z",'
    '"type":"response"}'
)
# A token that does not verify: Vault answers 400, and the entry has no error.
JWT_LOGIN_REFUSED = (
    '{"auth":{"policy_results":{"allowed":true},"token_type":"default"},"request":{"data":{"jwt":"hmac-sha256:37cb",'
    '"role":"hmac-sha256:084c"},"mount_type":"jwt","operation":"update","path":"auth/jwt/login","remote_address":'
    '"172.28.0.7","remote_port":44970},"response":{"data":{"error":"hmac-sha256:abf1"},"mount_type":"jwt"},'
    '"time":"2026-11-22T11:52:22.536011827Z","type":"response"}'
)
RENEWAL = (
    '{"auth":{"accessor":"V6cuDhXYd6v6Yg3YIIktjDoU","client_token":"hmac-sha256:aa96","display_name":"approle",'
    '"metadata":{"role_name":"orders-never-relogs"},"policy_results":{"allowed":true},"token_ttl":6},"request":'
    '{"client_token_accessor":"V6cuDhXYd6v6Yg3YIIktjDoU","operation":"update","path":"auth/token/renew-self",'
    '"remote_address":"172.28.0.7","remote_port":34028},"response":{"auth":{"accessor":"V6cuDhXYd6v6Yg3YIIktjDoU",'
    '"token_ttl":6}},'
    '"time":"2026-11-22T11:40:46.057939469Z","type":"response"}'
)
LEASE_RENEWAL = (
    '{"auth":{"accessor":"7K6fAiZuEItR3yk7cm8lZHXv","display_name":"approle","metadata":{"role_name":'
    '"orders-never-relogs"},"token_issue_time":"2026-11-25T05:51:47Z","token_ttl":25},"request":{"data":{"increment":'
    'null,"lease_id":"hmac-sha256:67a7"},"operation":"update","path":"sys/leases/renew","remote_address":"172.28.0.7"},'
    '"response":{"secret":{"lease_id":"database/creds/orders/YypedsSALCizgMdjI0krZYLJ"}},'
    '"time":"2026-11-25T05:51:58.434905155Z","type":"response"}'
)
READ = (
    '{"auth":{"accessor":"V6cuDhXYd6v6Yg3YIIktjDoU","display_name":"approle","metadata":{"role_name":'
    '"orders-never-relogs"},"policy_results":{"allowed":true}},"request":{"operation":"read","path":'
    '"database/creds/orders","remote_address":"172.28.0.7"},"response":{"data":{"password":"hmac-sha256:2617",'
    '"username":"hmac-sha256:fb19"},"secret":{"lease_id":"database/creds/orders/G9eNo9"}},'
    '"time":"2026-11-22T11:40:43.521254893Z","type":"response"}'
)
DEAD_TOKEN = (
    '{"error":"2 errors occurred:\\n\\t* permission denied\\n\\t* invalid token\\n\\n","request":{"client_token":'
    '"hmac-sha256:6cd7","operation":"read","path":"billing/data/signing","remote_address":"192.168.96.4",'
    '"remote_port":42680},"response":{"data":{"error":"hmac-sha256:1be1"}},"time":"2026-11-22T11:47:27.911775015Z",'
    '"type":"response"}'
)
OWN_REQUEST = (
    '{"auth":{"accessor":"FMplI2QgUE9EfTf3NmjVJcxc","display_name":"root","policies":["root"]},"request":{"operation":'
    '"update","path":"sys/audit/stdout","remote_address":"172.31.0.1"},"time":"2026-11-22T11:40:42.252956371Z",'
    '"type":"response"}'
)
SERVER_LOG = (
    '2026-11-22T11:40:40.800Z [INFO]  storage.raft: initial configuration: index=1 servers="[{Suffrage:Voter}]"'
)

IDP_TOKEN = (
    '{"journal":"idp","seq":4,"at":1795347643.61277,"endpoint":"token","client":"payments","client_address":'
    '"192.168.0.2","grant":"client_credentials","status":200,"ok":true,"kid":"lab-ffe9acdda3fe","error":""}'
)
IDP_REFUSED = (
    '{"journal":"idp","seq":9,"at":1795347643.7,"endpoint":"token","client":"nobody","client_address":"172.28.0.5",'
    '"grant":"client_credentials","status":401,"ok":false,"kid":"","error":"invalid_client"}'
)
IDP_JWKS = (
    '{"journal":"idp","seq":1,"at":1795347639.26671,"endpoint":"jwks","client":"","client_address":"172.31.0.1",'
    '"grant":"","status":200,"ok":true,"kid":"","error":""}'
)

LEDGER_ALLOWED = (
    '{"journal":"ledger","identity":"payments","via":"jwt","allowed":true,"reason":"","action":"entries:write",'
    '"credential":"sha256:c044e8c6ed9da58d","kid":"lab-ffe9acdda3fe","client_address":"172.28.0.5"}'
)
LEDGER_REFUSED = (
    '{"journal":"ledger","identity":"","via":"jwt","allowed":false,"reason":"unknown_key","action":"entries:write",'
    '"credential":"sha256:f7abe57f8d15e482","kid":"lab-88e920e6b3b6","client_address":"172.28.0.5"}'
)
LEDGER_OPENED = (
    '{"journal":"ledger","event":"break-glass.opened","by":"lockout","operator":"lockout","reason":"incident",'
    '"until":1795347700.0,"uses":0}'
)

PROXY_RELAYED = '{"journal":"proxy","route":"vault","client":"172.28.0.7","outcome":"relayed"}'
PROXY_CUT = (
    '{"journal":"proxy","route":"vault","client":"172.28.0.9","outcome":"cut",'
    '"rule":"network-partition-vault","toxic":"reset"}'
)
PROXY_HIT = (
    '{"journal":"proxy","route":"vault","client":"172.28.0.9","outcome":"hit","rule":"vault-slow-vault",'
    '"toxic":"slow_first_byte"}'
)
