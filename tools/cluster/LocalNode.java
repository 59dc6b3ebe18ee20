import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

/** One OpenSearch node in this JVM, its standard modules taken from the class path. Arguments: HOME PORT [SETTING=VALUE...] */
public class LocalNode extends Node {
    private static final String[] MODULES = {
        "analysis.common.CommonAnalysisPlugin",
        "cache.common.tier.TieredSpilloverCachePlugin",
        "dashboards.OpenSearchDashboardsPlugin",
        "geo.GeoModulePlugin",
        "index.mapper.MapperExtrasPlugin",
        "index.rankeval.RankEvalPlugin",
        "index.reindex.ReindexPlugin",
        "ingest.common.IngestCommonPlugin",
        "ingest.useragent.IngestUserAgentPlugin",
        "join.ParentJoinPlugin",
        "painless.PainlessPlugin",
        "percolator.PercolatorPlugin",
        "plugin.repository.url.URLRepositoryPlugin",
        "script.expression.ExpressionPlugin",
        "script.mustache.MustachePlugin",
        "search.aggregations.matrix.MatrixAggregationPlugin",
        "search.pipeline.common.SearchPipelineCommonModulePlugin",
        "transport.Netty4Plugin",
    };

    private LocalNode(Environment environment, Collection<Class<? extends Plugin>> plugins) {
        super(environment, plugins, true);
    }

    private static Settings settings(Path home, String[] arguments) throws Exception {
        for (String folder : new String[] {"config", "data", "logs", "repo", "modules", "plugins"}) {
            Files.createDirectories(home.resolve(folder));
        }
        Settings.Builder settings = Settings.builder()
            .put("path.home", home.toString())
            .put("path.data", home.resolve("data").toString())
            .put("path.logs", home.resolve("logs").toString())
            .put("path.repo", home.resolve("repo").toString())
            .put("cluster.name", "hem-tests")
            .put("node.name", "node-1")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", arguments[1])
            .put("transport.port", "0")
            .put("cluster.routing.allocation.disk.threshold_enabled", "false");
        for (int i = 2; i < arguments.length; ++i) {
            int equals = arguments[i].indexOf('=');
            if (equals < 1) throw new IllegalArgumentException("'" + arguments[i] + "' is no SETTING=VALUE");
            settings.put(arguments[i].substring(0, equals), arguments[i].substring(equals + 1));
        }
        return settings.build();
    }

    @SuppressWarnings("unchecked")
    private static List<Class<? extends Plugin>> plugins() throws ClassNotFoundException {
        List<Class<? extends Plugin>> plugins = new ArrayList<>();
        for (String module : MODULES) plugins.add((Class<? extends Plugin>) Class.forName("org.opensearch." + module));
        return plugins;
    }

    public static void main(String[] arguments) {
        try {
            Path home = Paths.get(arguments[0]);
            Environment environment = InternalSettingsPreparer.prepareEnvironment(
                settings(home, arguments), Collections.emptyMap(), home.resolve("config"), () -> "node-1");
            LocalNode node = new LocalNode(environment, plugins());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try {
                    node.close();
                    node.awaitClose(10, TimeUnit.SECONDS);
                } catch (Exception error) {
                    error.printStackTrace();
                }
            }));
            node.start();
            Thread.currentThread().join();
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }
}
