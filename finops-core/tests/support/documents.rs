//! Documents of real shape and size: what `kubectl get pods -o json` prints, and what Prometheus answers.

use std::fmt::Write as _;

/// When the list was printed: 2026-11-21T00:00:00Z, in seconds.
pub const AS_OF: i64 = 1_795_219_200;

/// Pods in a list of 50 MB.
pub const PODS: u64 = 14_700;

/// A pod as the API server of Kubernetes 1.33 prints it: managed fields left out, as kubectl does; 3.4 kB.
const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"checksum/config":"9f86d081884c7d659a2feaa0c55ad0@s"},"creationTimestamp":"2026-11-0@dT08:@m:00Z","generateName":"service-@s-7c9f8d6b5-","labels":{"app":"service-@s","pod-template-hash":"7c9f8d6b5","team":"team-@t"},"name":"service-@s-7c9f8d6b5-@i","namespace":"ns-@n","ownerReferences":[{"apiVersion":"apps/v1","blockOwnerDeletion":true,"controller":true,"kind":"ReplicaSet","name":"service-@s-7c9f8d6b5","uid":"0e6f7a3c-5b1d-4c5e-9a55-0000000000@s"}],"resourceVersion":"4711","uid":"5a1c2f9e-3f44-4b0d-8a17-00000@i"},"spec":{"containers":[{"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"PORT","value":"8080"}],"envFrom":[{"configMapRef":{"name":"service-@s"}}],"image":"registry.example/service-@s:1.@t.0","imagePullPolicy":"IfNotPresent","livenessProbe":{"failureThreshold":3,"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"periodSeconds":10,"successThreshold":1,"timeoutSeconds":1},"name":"app","ports":[{"containerPort":8080,"protocol":"TCP"}],"readinessProbe":{"failureThreshold":3,"httpGet":{"path":"/readyz","port":8080,"scheme":"HTTP"},"periodSeconds":10,"successThreshold":1,"timeoutSeconds":1},"resources":{"limits":{"memory":"@eMi"},"requests":{"cpu":"@cm","memory":"@eMi"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","volumeMounts":[{"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"kube-api-access-@i","readOnly":true}]}],"dnsPolicy":"ClusterFirst","enableServiceLinks":true,"nodeName":"node-@o","preemptionPolicy":"PreemptLowerPriority","priority":0,"restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"serviceAccount":"default","serviceAccountName":"default","terminationGracePeriodSeconds":30,"tolerations":[{"effect":"NoExecute","key":"node.kubernetes.io/not-ready","operator":"Exists","tolerationSeconds":300},{"effect":"NoExecute","key":"node.kubernetes.io/unreachable","operator":"Exists","tolerationSeconds":300}],"volumes":[{"name":"kube-api-access-@i","projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"items":[{"key":"ca.crt","path":"ca.crt"}],"name":"kube-root-ca.crt"}},{"downwardAPI":{"items":[{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"},"path":"namespace"}]}}]}}]},"status":{"conditions":[{"lastProbeTime":null,"lastTransitionTime":"2026-11-0@dT08:@m:03Z","status":"True","type":"Initialized"},{"lastProbeTime":null,"lastTransitionTime":"2026-11-0@dT08:@m:09Z","status":"True","type":"Ready"},{"lastProbeTime":null,"lastTransitionTime":"2026-11-0@dT08:@m:09Z","status":"True","type":"ContainersReady"},{"lastProbeTime":null,"lastTransitionTime":"2026-11-0@dT08:@m:00Z","status":"True","type":"PodScheduled"}],"containerStatuses":[{"containerID":"containerd://@h@h@h@h","image":"registry.example/service-@s:1.@t.0","imageID":"registry.example/service-@s@sha256:@h@h@h@h","lastState":{},"name":"app","ready":true,"restartCount":0,"started":true,"state":{"running":{"startedAt":"2026-11-0@dT08:@m:05Z"}}}],"hostIP":"10.0.1.2","phase":"Running","podIP":"10.1.3.4","podIPs":[{"ip":"10.1.3.4"}],"qosClass":"Burstable","startTime":"2026-11-0@dT08:@m:00Z"}}"#;

/// A list of `pods` pods on 501 nodes, of 97 services in 12 namespaces.
pub fn pod_list(pods: u64) -> String {
    let mut out = String::from(r#"{"kind":"List","apiVersion":"v1","items":["#);
    for pod in 0..pods {
        if pod > 0 {
            out.push(',');
        }
        let mut parts = POD.split('@');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let value = match part.chars().next() {
                Some('h') => format!("{:016x}", pod.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                Some('d') => (1 + pod % 9).to_string(),
                Some('m') => format!("{:02}", pod % 60),
                Some('s') if part.starts_with("sha256") => "@s".to_owned(),
                Some('s') => format!("{:02}", pod % 97),
                Some('t') => (pod % 7).to_string(),
                Some('i') => format!("{pod:07x}"),
                Some('n') => format!("{:02}", pod % 12),
                Some('e') => (128 * (1 + pod % 8)).to_string(),
                Some('c') => (125 * (1 + pod % 8)).to_string(),
                Some('o') => format!("{:05}", pod * 7919 % 501),
                _ => String::new(),
            };
            out.push_str(&value);
            out.push_str(part.get(1..).unwrap_or_default());
        }
    }
    out.push_str("]}");
    out
}

/// `series` containers with one value each 75 s, as shares of a core with 16 or 17 digits.
pub fn matrix(series: u64, samples: u64) -> String {
    let mut out = String::from(r#"{"status":"success","data":{"resultType":"matrix","result":["#);
    let mut state = 1_u64;
    for number in 0..series {
        let comma = if number > 0 { "," } else { "" };
        write!(
            out,
            r#"{comma}{{"metric":{{"container":"app","namespace":"ns-{:02}","pod":"pod-{number}"}},"values":["#,
            number % 12
        )
        .unwrap();
        for sample in 0..samples {
            let comma = if sample > 0 { "," } else { "" };
            // Knuth's MMIX generator.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            write!(
                out,
                r#"{comma}[{},"0.{:016}"]"#,
                1_793_491_200 + sample * 75,
                state % 10_000_000_000_000_000
            )
            .unwrap();
        }
        out.push_str("]}");
    }
    out.push_str("]}}");
    out
}
