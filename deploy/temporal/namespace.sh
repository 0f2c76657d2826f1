#!/bin/sh
# Creates the namespace in which Reefline works, when it is missing.
set -eu
temporal operator namespace describe --namespace default ||
  temporal operator namespace create --namespace default --retention 7d
