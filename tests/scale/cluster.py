"""A Spark cluster on this machine: two workers, each a process of its own, that listen on loopback only."""

import os
import sys


def context():
    """Starts the cluster and returns its context."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark import SparkConf, SparkContext

    conf = SparkConf().setMaster("local-cluster[2,1,1024]").setAppName("bedrock-access")
    conf.set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1")
    conf.set("spark.driver.bindAddress", "127.0.0.1")
    conf.set("spark.ui.showConsoleProgress", "false")
    made = SparkContext(conf=conf)
    made.setLogLevel("ERROR")
    return made
