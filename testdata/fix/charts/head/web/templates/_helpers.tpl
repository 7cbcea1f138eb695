{{- define "web.sidecar" -}}
- name: sidecar
  image: sidecar:2
  {{- if .Values.sidecar.privileged }}
  securityContext:
    privileged: {{ .Values.sidecar.privileged }}
  {{- end }}
{{- end }}
