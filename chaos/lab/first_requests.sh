curl -sS "$BASE_URL/usage/report" -H "Authorization: Bearer $API_KEY" -H 'Content-Type: application/json' -d '{"events": [{"event_id": "sign-'"$(date +%s%N)"'", "event_type": "sign_events", "value": 3, "timestamp": "'"$(date -u +%FT%TZ)"'"}]}'
curl -sS "$BASE_URL/usage/$TENANT_ID" -H "Authorization: Bearer $API_KEY"
curl -sS "$BASE_URL/billing/preview" -H "Authorization: Bearer $API_KEY" -H 'Content-Type: application/json' -d '{}'
