"""The repository that the cluster is deployed from: manifests by hand, a chart, an overlay and Terraform.

The styles differ on purpose, as they do where several people write: comments, quotes, flow style, CRLF, several documents in
a file. A change has to leave all of it as it is.
"""

from __future__ import annotations

from typing import Any

import figures as f
from fleet import Box, Fleet, Work
from objects import quantity_cpu, quantity_memory

Files = dict[str, str]


def amounts(box: Box, which: str) -> list[tuple[str, str]]:
    cpu, memory = (box.cpu, box.memory) if which == "requests" else (box.cpu_limit, box.memory_limit)
    found = [("cpu", quantity_cpu(cpu))] if cpu else []
    found += [("memory", quantity_memory(memory))] if memory else []
    return found + ([("nvidia.com/gpu", str(box.gpus))] if box.gpus else [])


def quoted(text: str) -> str:
    """A bare whole number would be another type for some tools."""
    return f'"{text}"' if text.isdigit() else text


def resources(box: Box, pad: str, style: int) -> str:
    lines = []
    for which in ("requests", "limits"):
        found = amounts(box, which)
        if found and style == 1:
            lines.append(f"{pad}  {which}: {{{', '.join(f'{name}: {quoted(value)}' for name, value in found)}}}")
        elif found:
            lines.append(f"{pad}  {which}:")
            remark = "  # guessed at launch" if style == 2 and which == "requests" else ""
            lines += [f"{pad}    {name}: {quoted(value)}{remark if name == 'cpu' else ''}" for name, value in found]
    return f"{pad}resources:\n" + "".join(line + "\n" for line in lines) if lines else ""


def labels(work: Work, pad: str) -> str:
    team = f"{pad}team: {work.team}\n" if work.team else ""
    return f"{pad}app.kubernetes.io/name: {work.name}\n{team}"


def boxes(work: Work, pad: str, style: int) -> str:
    text = ""
    for box in work.boxes:
        text += f"{pad}- name: {box.name}\n{pad}  image: registry.example/{work.namespace}/{box.name}:1.{len(work.name)}\n"
        text += resources(box, pad + "  ", style)
    return text


def manifest(work: Work, style: int) -> str:
    head = f"# Owned by {work.team}.\n" if work.team and style == 0 else ""
    text = f"{head}apiVersion: {'batch/v1' if work.kind == 'CronJob' else 'apps/v1'}\nkind: {work.kind}\n"
    text += f"metadata:\n  name: {work.name}\n  namespace: {work.namespace}\n  labels:\n{labels(work, '    ')}spec:\n"
    if work.kind == "CronJob":
        return (
            text
            + '  schedule: "15 2 * * *"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n'
            "          containers:\n" + boxes(work, "            ", style)
        )
    if work.kind != "DaemonSet":
        text += f"  replicas: {work.replicas}\n"
    text += f"  selector:\n    matchLabels:\n      app.kubernetes.io/name: {work.name}\n  template:\n    metadata:\n      labels:\n"
    return text + labels(work, "        ") + "    spec:\n      containers:\n" + boxes(work, "        ", style)


def autoscaler(work: Work) -> str:
    scale: Any = work.autoscaler
    text = (
        f"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: {work.name}\n  namespace: {work.namespace}\nspec:\n"
        f"  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: {work.kind}\n    name: {work.name}\n  minReplicas: {scale['min']}\n  maxReplicas: {scale['max']}\n"
        "  metrics:\n    - type: Resource\n      resource:\n        name: cpu\n        target:\n          type: Utilization\n"
        f"          averageUtilization: {scale['target']} # percent of the request\n"
    )
    if scale["delay"]:
        text += f"  behavior:\n    scaleUp:\n      stabilizationWindowSeconds: {scale['delay']}\n"
    return text


def service(name: str, namespace: str, kind: str) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  type: {kind}\n"
        f"  selector:\n    app.kubernetes.io/name: {name}\n  ports:\n    - port: 80\n"
    )


def plain(fleet: Fleet, files: Files) -> None:
    for number, work in enumerate(w for w in fleet.works if w.where == "plain"):
        style = number % 4
        folder = f"apps/{work.namespace}"
        text = manifest(work, style)
        if work.service and style != 3:
            text += "---\n" + service(work.name, work.namespace, work.service)
        if work.autoscaler:
            if style == 1:
                files[f"{folder}/{work.name}-hpa.yaml"] = autoscaler(work)
            else:
                text += "---\n" + autoscaler(work)
        files[f"{folder}/{work.kind.lower()}-{work.name}.yaml"] = text.replace("\n", "\r\n") if number % 17 == 5 else text
    for one in fleet.services:
        files[f"apps/{one['namespace']}/{one['name']}.yaml"] = service(one["name"], one["namespace"], "LoadBalancer")
    for one in fleet.volumes[:6]:
        namespace, name = one["claim"]
        files[f"apps/{namespace}/claim-{name}.yaml"] = (
            f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n"
            f"  accessModes: [ReadWriteOnce]\n  storageClassName: gp3\n  resources:\n    requests:\n      storage: {one['size']}Gi\n"
        )
    for number in range(8):
        files[f"apps/legacy/settings-2024-{number + 1:02}.yaml"] = (
            f'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-2024-{number + 1:02}\n  namespace: legacy\ndata:\n  app.yaml: ""\n'
        )
    for name, (_, _, by) in f.POOLS.items():
        if by != "eks":
            files[f"karpenter/{name}.yaml"] = (
                f"apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata:\n  name: {name}\nspec:\n  disruption:\n"
                "    consolidationPolicy: WhenEmpty # safe choice of 2024\n    consolidateAfter: 1h\n"
            )


def chart(fleet: Fleet, files: Files) -> list[dict[str, str]]:
    """The chart of `checkout`, and which value stands for which resource: what the engine is told, as it edits no template."""
    values, mapping = "# Everything that differs between services.\nservices:\n", []
    for work in (w for w in fleet.works if w.where == "helm"):
        values += f"  {work.name}:\n    replicas: {work.replicas}\n    containers:\n"
        for box in work.boxes:
            values += f"      {box.name}:\n" + resources(box, "        ", 2)
            if not amounts(box, "requests"):
                values += "        resources: {}\n"
            for resource in ("cpu", "memory"):
                path = f"services.{work.name}.containers.{box.name}.resources.requests.{resource}"
                mapping.append(
                    {
                        "file": "charts/checkout/values.yaml",
                        "path": path,
                        "kind": work.kind,
                        "namespace": work.namespace,
                        "name": work.name,
                        "container": box.name,
                        "resource": resource,
                    }
                )
        mapping.append(
            {
                "file": "charts/checkout/values.yaml",
                "path": f"services.{work.name}.replicas",
                "kind": work.kind,
                "namespace": work.namespace,
                "name": work.name,
                "resource": "replicas",
            }
        )
    files["charts/checkout/Chart.yaml"] = "apiVersion: v2\nname: checkout\nversion: 4.11.0\n"
    files["charts/checkout/values.yaml"] = values
    files["charts/checkout/templates/deployments.yaml"] = (
        "{{- range $name, $s := .Values.services }}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ $name }}\n"
        "  namespace: checkout\nspec:\n  replicas: {{ $s.replicas }}\n  template:\n    spec:\n      containers:\n"
        "        {{- range $container, $c := $s.containers }}\n        - name: {{ $container }}\n          resources:\n"
        "            {{- toYaml $c.resources | nindent 12 }}\n        {{- end }}\n{{- end }}\n"
    )
    return mapping


def overlays(fleet: Fleet, files: Files) -> str:
    """`search` by kustomize: the base serves two overlays, so that only the one of production may be changed."""
    names = []
    for work in (w for w in fleet.works if w.where == "kustomize"):
        names.append(f"{work.name}.yaml")
        files[f"kustomize/search/base/{work.name}.yaml"] = manifest(work, 0)
        if work.autoscaler:
            names.append(f"{work.name}-hpa.yaml")
            files[f"kustomize/search/base/{work.name}-hpa.yaml"] = autoscaler(work)
    files["kustomize/search/base/kustomization.yaml"] = "resources:\n" + "".join(f"  - {name}\n" for name in names)
    for overlay in ("dev", "prod"):
        files[f"kustomize/search/overlays/{overlay}/kustomization.yaml"] = f"# {overlay}\nresources:\n  - ../../base\n"
    return "kustomize/search/overlays/prod"


def terraform(fleet: Fleet, files: Files) -> dict[str, str]:
    text = ""
    for name, (kind, count, by) in f.POOLS.items():
        if by == "eks":
            text += (
                f'# Nodes of the pool "{name}".\nresource "aws_eks_node_group" "{name}" {{\n  cluster_name    = aws_eks_cluster.main.name\n'
                f'  node_group_name = "{name}"\n  instance_types  = ["{kind}"]\n\n  scaling_config {{\n    desired_size = {count} # since the migration\n'
                f"    min_size     = {max(1, count - 1)}\n    max_size     = {count * 3}\n  }}\n}}\n\n"
            )
    files["infra/nodes.tf"] = text
    ids, text = {}, ""
    for number, one in enumerate(v for v in fleet.volumes if v["claim"] is None):
        if number < 2:
            text += (
                f'resource "aws_ebs_volume" "archive_{number}" {{\n  availability_zone = "{f.REGION}a"\n  size              = {one["size"]}\n'
                f'  type              = "gp3"\n  tags              = {{ Name = "archive-{number}" }}\n}}\n\n'
            )
            ids[f"aws_ebs_volume.archive_{number}"] = one["volume_id"]
    files["infra/volumes.tf"] = text
    return ids


def repository(fleet: Fleet) -> tuple[Files, dict[str, Any]]:
    """The files, and what the engine has to be told of them. The volumes must have their ids, which the objects give them."""
    files: Files = {"README.md": "Made up by examples/cluster/generate.py; no such cluster exists.\n"}
    plain(fleet, files)
    told = {
        "helm": chart(fleet, files),
        "overlay": overlays(fleet, files),
        "terraform_ids": terraform(fleet, files),
        "labels": ["finops"],
    }
    return files, told
