"""Lists and uses every tool, resource and prompt of a server with the Model Context Protocol's own SDK.

The command line is the server's; the calls come from BEDROCK_ACCESS_TEST_CALLS. Prints what was seen as one JSON object.
"""

import asyncio
import json
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

told = []


async def progress(value, total, message):
    told.append((value, total, message))


async def main():
    server = StdioServerParameters(
        command=sys.argv[1], args=sys.argv[2:], env={"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
    )
    async with stdio_client(server) as (reader, writer), ClientSession(reader, writer) as session:
        hello = await session.initialize()
        tools = (await session.list_tools()).tools
        results = []
        for call in json.loads(os.environ["BEDROCK_ACCESS_TEST_CALLS"]):
            # The session raises where the structure is not what the tool's output schema describes.
            result = await session.call_tool(call["name"], call["arguments"], progress_callback=progress)
            results.append(result.model_dump(mode="json", by_alias=True))
        resources = (await session.list_resources()).resources
        read = 0
        for resource in resources:
            contents = (await session.read_resource(resource.uri)).contents
            read += bool(contents and contents[0].text)
        prompts = (await session.list_prompts()).prompts
        for prompt in prompts:
            filled = await session.get_prompt(prompt.name, {"model": "amazon.nova-lite-v1:0"})
            assert filled.messages
        seen = {
            "server": hello.model_dump(mode="json", by_alias=True)["serverInfo"]["name"],
            "tools": [tool.name for tool in tools],
            "results": results,
            "resources": read,
            "prompts": len(prompts),
            "progress": len(told),
        }
        json.dump(seen, sys.stdout)


asyncio.run(main())
