module mlops.local/build/metrics-server

go 1.26

tool sigs.k8s.io/metrics-server/cmd/metrics-server

require sigs.k8s.io/metrics-server v0.7.2
