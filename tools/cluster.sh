#!/usr/bin/env bash
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
usage "usage: ./dev cluster start [PORT [SETTING=VALUE...]] | stop | status | url

One real OpenSearch node for tests, on 127.0.0.1:PORT (default 9201), without TLS or password. Everything is under build/cluster;
the index data there survive a stop. 'start' fetches the node's jars once through Maven and prints its URL.
Environment: HEM_CLUSTER_HEAP, the limit of the node's heap (default 1g)." "$@"

version=2.19.6
home=$root/build/cluster
jars=$home/jars-$version
patience=90  # seconds until the node must answer

# The pid of our node, if it lives: its command line names our folder.
living() {
    local pid
    [ -r "$home/pid" ] || return 1
    read -r pid <"$home/pid" || return 1
    [[ $pid =~ ^[0-9]+$ ]] && [ -r "/proc/$pid/cmdline" ] || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -- "$home/node" || return 1
    echo "$pid"
}

stop() {
    local pid
    if ! pid=$(living); then
        rm -f "$home/pid" "$home/url"
        say "No cluster node is running"
        return
    fi
    kill "$pid"
    for _ in $(seq 200); do
        living >/dev/null || break
        sleep 0.1
    done
    if living >/dev/null; then
        say "The node did not end in 20 s and is killed"
        kill -9 "$pid"
    fi
    rm -f "$home/pid" "$home/url"
    say "Stopped the cluster node"
}

dependency() { printf '    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' "$@"; }

fetch_jars() {
    [ ! -e "$jars/complete" ] || return 0
    say "Fetching OpenSearch $version (53 MiB, once)"
    mkdir -p "$jars"
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0">'
        echo '  <modelVersion>4.0.0</modelVersion><groupId>hem</groupId><artifactId>cluster-node</artifactId><version>1</version>'
        echo '  <dependencies>'
        dependency org.opensearch opensearch "$version"
        dependency org.opensearch opensearch-plugin-classloader "$version"
        for module in aggs-matrix-stats-client analysis-common cache-common geo ingest-common ingest-user-agent lang-expression \
            lang-mustache-client lang-painless mapper-extras-client opensearch-dashboards parent-join-client percolator-client \
            rank-eval-client reindex-client repository-url search-pipeline-common transport-netty4-client; do
            dependency org.opensearch.plugin "$module" "$version"
        done
        # Optional by OpenSearch's own description, but the node does not start (log4j) or map shapes (the others) without.
        dependency org.apache.logging.log4j log4j-core 2.25.4
        dependency org.locationtech.jts jts-core 1.15.0
        dependency org.locationtech.spatial4j spatial4j 0.7
        echo '  </dependencies>'
        echo '</project>'
    } >"$jars/pom.xml"
    mvn -B -q -f "$jars/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$jars" -DincludeScope=runtime >"$jars/maven.log" 2>&1 </dev/null || {
        tail -n 20 "$jars/maven.log" >&2
        die "Maven could not fetch OpenSearch; all of its output: $jars/maven.log"
    }
    touch "$jars/complete"
}

compile_launcher() {
    local source=$root/tools/cluster/LocalNode.java classes=$home/classes
    [ "$source" -nt "$classes/LocalNode.class" ] || return 0
    mkdir -p "$classes"
    # Called through java: the machine may have a JDK whose javac is not on the path. Only the javac command itself expands jars/*.
    java -m jdk.compiler/com.sun.tools.javac.Main -nowarn -proc:none -d "$classes" -cp "$(printf '%s:' "$jars"/*.jar)" "$source" \
        >"$home/javac.log" 2>&1 || die "The launcher does not compile: see $home/javac.log"
}

give_up() {
    tail -n 25 "$home/node.log" >&2
    stop
    die "$1; all of its output: $home/node.log"
}

start() {
    local port=${1:-9201} url pid begin=$SECONDS
    [ $# -eq 0 ] || shift
    [[ $port =~ ^[0-9]+$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || die "'$port' is no port: give a number from 1 to 65535"
    url=http://127.0.0.1:$port
    if living >/dev/null; then
        [ "$(cat "$home/url")" = "$url" ] || die "A node already runs at $(cat "$home/url"): ./dev cluster stop ends it"
        say "Already running"
        echo "$url"
        return
    fi
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then die "Port $port is taken: give another, ./dev cluster start PORT"; fi
    setup peers
    fetch_jars
    compile_launcher
    mkdir -p "$home/node/tmp" "$home/node/config"
    # A session of its own: the node outlives this shell and its Ctrl-C.
    setsid nohup java -Xms256m -Xmx"${HEM_CLUSTER_HEAP:-1g}" -XX:+UseG1GC -XX:G1ReservePercent=25 \
        -XX:InitiatingHeapOccupancyPercent=30 -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
        -Djava.io.tmpdir="$home/node/tmp" -Djava.awt.headless=true -Djna.nosys=true -Dio.netty.noUnsafe=true \
        -Dlog4j2.configurationFile="$root/tools/cluster/log4j2.properties" -Dlog4j.shutdownHookEnabled=false \
        -Dlog4j2.disable.jmx=true -cp "$home/classes:$jars/*" LocalNode "$home/node" "$port" "$@" \
        >"$home/node.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$home/pid"
    echo "$url" >"$home/url"
    until curl -s -m 5 "$url/_cluster/health" 2>/dev/null | grep -q '"status":"\(green\|yellow\)"'; do
        kill -0 "$pid" 2>/dev/null || give_up "The node ended while starting"
        [ $((SECONDS - begin)) -lt "$patience" ] || give_up "The node did not answer within $patience s"
        sleep 0.2
    done
    say "OpenSearch $version runs at $url; its data and log are under build/cluster. For the tests: HEM_TEST_SEARCH_URL=$url"
    echo "$url"
}

case ${1:-} in
start)
    shift
    start "$@"
    ;;
stop) stop ;;
status)
    if living >/dev/null; then echo "running at $(cat "$home/url"), pid $(living)"; else
        echo "not running"
        exit 1
    fi
    ;;
url)
    living >/dev/null || die "No cluster node is running: ./dev cluster start"
    cat "$home/url"
    ;;
*) die "No cluster command '${1:-}': there are start, stop, status and url" ;;
esac
